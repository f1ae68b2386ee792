package io.pangu.spark.engine;

import io.pangu.runtime.engine.EngineStats;
import io.pangu.runtime.engine.InferenceEngine;
import io.pangu.runtime.engine.InferenceEngines;
import io.pangu.runtime.engine.ModelInfo;
import io.pangu.runtime.engine.PendingResult;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** The runtime's engine in the executor's own JVM. Owns it. Thread-safe. */
final class InProcessEngineClient implements OwnedEngine {
    private final InferenceEngine engine;
    private final DeviceClaim devices;
    private final ModelDescription model;
    private volatile boolean isLost;

    /** Takes over the engine and the devices that it runs on. */
    InProcessEngineClient(InferenceEngine engine, DeviceClaim devices) {
        this.engine = engine;
        this.devices = devices;
        ModelInfo info = engine.model();
        this.model = new ModelDescription(
                info.name(), info.fingerprint(), info.contextLength(), info.hiddenSize(), info.device());
    }

    /** Loads the model on the devices that are this process's. */
    static InProcessEngineClient open(EngineSettings settings) {
        return open(DeviceClaim.of(settings));
    }

    /** Loads the model on these devices; gives them back if that fails. */
    static InProcessEngineClient open(DeviceClaim devices) {
        try {
            InferenceEngine engine = InferenceEngines.open(EngineConfigReader.read(devices.settings()));
            return new InProcessEngineClient(engine, devices);
        } catch (EngineException e) {
            devices.close();
            String note = e.code() == ErrorCode.BACKEND_UNAVAILABLE
                    ? JavaRequirement.missingModuleNote(JavaRequirement.Jvm.running())
                    : "";
            throw new EngineUnavailableException(SettingNames.inMessage(e.getMessage() + note), e);
        } catch (RuntimeException | Error e) {
            devices.close();
            throw e;
        }
    }

    @Override
    public PendingReply submit(EngineRequest request) {
        try {
            if (request instanceof EngineRequest.Generate generate) {
                long seed = RequestSeed.of(generate);
                return new Pending<>(
                        engine.generate(RequestTranslation.generate(generate, seed)),
                        completion -> ReplyTranslation.generated(completion, seed));
            }
            if (request instanceof EngineRequest.Classify classify) {
                return new Pending<>(
                        engine.classify(RequestTranslation.classify(classify)), ReplyTranslation::classified);
            }
            if (request instanceof EngineRequest.Embed embed) {
                return new Pending<>(engine.embed(RequestTranslation.embed(embed)), ReplyTranslation::embedded);
            }
            throw new IllegalArgumentException("unknown kind of call: " + request.getClass());
        } catch (RuntimeException e) {
            return new Refused(ReplyTranslation.failed(e));
        }
    }

    @Override
    public ModelDescription model() {
        return model;
    }

    @Override
    public EngineCounters counters() {
        EngineStats stats = engine.stats();
        return new EngineCounters(
                stats.steps(),
                stats.stepNanos(),
                stats.promptTokens(),
                stats.cachedTokens(),
                stats.completionTokens(),
                stats.preemptions(),
                stats.requestsDone(),
                stats.requestsFailed(),
                stats.running(),
                stats.waiting());
    }

    @Override
    public boolean isLost() {
        return isLost;
    }

    /** Closes the engine, then gives its devices to whoever wants them next. */
    @Override
    public void close() {
        try {
            engine.close();
        } finally {
            devices.close();
        }
    }

    /** A call that never reached the engine. */
    private record Refused(EngineReply.Failed reply) implements PendingReply {
        @Override
        public CompletableFuture<EngineReply> future() {
            return CompletableFuture.completedFuture(reply);
        }

        @Override
        public void cancel() {
            // Done already.
        }
    }

    /** A call that the engine works on. */
    private final class Pending<T> implements PendingReply {
        private final PendingResult<T> result;
        private final CompletableFuture<EngineReply> reply;
        private volatile boolean isGivenUp;

        Pending(PendingResult<T> result, Function<T, EngineReply> translation) {
            this.result = result;
            this.reply =
                    result.future().handle((value, error) -> error == null ? translation.apply(value) : failure(error));
        }

        @Override
        public CompletableFuture<EngineReply> future() {
            return reply;
        }

        @Override
        public void cancel() {
            isGivenUp = true;
            result.cancel();
        }

        private String endOfEngine(EngineException cause) {
            if (cause.code() != ErrorCode.DEVICE_LOST) {
                return String.valueOf(cause.getMessage());
            }
            String npus = devices.npus().isEmpty() ? "" : " (its devices by rank: " + devices.npus() + ")";
            return "the engine lost a device: " + cause.getMessage() + npus;
        }

        /** A row's failure as a reply; the engine's own end as an exception, so that no row is taken for a failed one. */
        private EngineReply failure(Throwable error) {
            Throwable cause =
                    error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
            if (cause instanceof EngineException known) {
                if (known.isEndOfEngine()) {
                    isLost = true;
                    throw new EngineUnavailableException(endOfEngine(known), known);
                }
                if (known.code() == ErrorCode.CANCELLED && !isGivenUp) {
                    throw new EngineUnavailableException("the engine was closed while it worked on this call", known);
                }
            }
            return ReplyTranslation.failed(cause);
        }
    }
}
