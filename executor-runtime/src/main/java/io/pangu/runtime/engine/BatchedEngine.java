package io.pangu.runtime.engine;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.model.ExpertLoad;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.scheduler.SchedulerSettings;
import io.pangu.runtime.tokenizer.PromptEncoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine around one model: checks and tokenises on the submitting thread, computes on the scheduler thread, answers on
 * callback threads, and lets a timer's thread end what takes too long, which therefore works even while a device hangs.
 */
final class BatchedEngine implements InferenceEngine {
    private static final Logger LOG = LoggerFactory.getLogger(BatchedEngine.class);
    private static final int NUM_CALLBACK_THREADS = 2;
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);
    private static final Duration LONGEST_LIMIT = Duration.ofDays(36_500);

    private final LanguageModel model; // run by the loop; here only asked what any thread may ask
    private final PromptEncoder encoder;
    private final ModelInfo info;
    private final PromptFitter fitter;
    private final Set<Integer> endIds;
    private final StepCounters counters;
    private final OpenRequests open = new OpenRequests();
    private final ExecutorService callbacks;
    private final ScheduledThreadPoolExecutor timer;
    private final EngineLoop loop;
    private final Thread thread;
    private final Classifier classifier = new Classifier(request -> score(request, this::leave));
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Starts an engine; it owns the model from here on. */
    BatchedEngine(LanguageModel model, PromptEncoder encoder, ModelInfo info, SchedulerSettings settings) {
        this.model = model;
        this.encoder = encoder;
        this.info = info;
        this.endIds = new HashSet<>(model.config().eosTokenIds());
        this.endIds.addAll(encoder.endOfTurnIds());
        int startId = model.config()
                .bosTokenId()
                .orElseGet(() -> endIds.stream().findFirst().orElse(0));
        this.fitter = new PromptFitter(encoder, info.contextLength(), info.vocabSize(), startId);
        this.counters = new StepCounters(settings.numBlocks());
        this.callbacks = Executors.newFixedThreadPool(NUM_CALLBACK_THREADS, threads("pangu-callback"));
        this.timer = new ScheduledThreadPoolExecutor(1, threads("pangu-timer"));
        this.timer.setRemoveOnCancelPolicy(true);
        this.loop = new EngineLoop(model, settings, counters, open);
        this.thread = threads("pangu-scheduler").newThread(loop);
        this.thread.start();
    }

    @Override
    public PendingResult<Completion> generate(GenerateRequest request) {
        try {
            RequestChecks.check(request, info.vocabSize());
            int[] prompt = fitter.fitForGeneration(request.prompt(), request.maxTokens(), request.tooLong());
            int maxTokens = Math.min(request.maxTokens(), info.contextLength() - prompt.length);
            CompletionReader reader = new CompletionReader(
                    encoder.tokenizer(), encoder.thinkingTokens(), prompt, new StopTexts(request.stop()));
            return submit(new GenerateTask(prompt, request, maxTokens, reader, endIds), request.timeout(), this::count);
        } catch (EngineException e) {
            return refused(e, this::count);
        }
    }

    @Override
    public PendingResult<Scores> score(ScoreRequest request) {
        return score(request, this::count);
    }

    private PendingResult<Scores> score(ScoreRequest request, PendingRequest.Listener listener) {
        try {
            RequestChecks.check(request);
            List<int[]> continuations = new ArrayList<>();
            int longest = 0;
            for (String text : request.continuations()) {
                int[] ids = fitter.encodeContinuation(text);
                if (ids.length == 0) {
                    throw EngineErrors.invalidPrompt("the continuation '" + text + "' has no tokens; leave it out");
                }
                longest = Math.max(longest, ids.length);
                continuations.add(ids);
            }
            int[] prompt = fitter.fitForScoring(request.prompt(), longest);
            return submit(new ScoreTask(prompt, continuations), request.timeout(), listener);
        } catch (EngineException e) {
            return refused(e, listener);
        }
    }

    @Override
    public PendingResult<Classification> classify(ClassifyRequest request) {
        try {
            RequestChecks.check(request);
        } catch (EngineException e) {
            return refused(e, this::count);
        }
        LabelTemplate template = LabelTemplate.of(request);
        PendingResult<Scores> scores = classifier.score(request, template);
        CompletableFuture<double[]> prior = classifier.prior(request, template);
        PendingRequest<Classification> result = new PendingRequest<>(callbacks, (ended, ending) -> {
            count(ended, ending);
            scores.cancel();
        });
        enter(result, request.timeout());
        CompletableFuture<Classification> _ = scores.future()
                .thenCombine(prior, (found, before) -> Classifier.choose(request.labels(), found, before))
                .whenComplete((found, error) -> {
                    if (error == null) {
                        result.succeed(() -> found);
                    } else {
                        result.fail(EngineErrors.failed(error));
                    }
                });
        return result;
    }

    @Override
    public PendingResult<Embedding> embed(EmbedRequest request) {
        try {
            RequestChecks.check(request);
            int[] ids = fitter.fitForEmbedding(request.text(), request.tooLong());
            return submit(
                    new EmbedTask(ids, encoder.rawBosCount(), request, info.hiddenSize()),
                    request.timeout(),
                    this::count);
        } catch (EngineException e) {
            return refused(e, this::count);
        }
    }

    @Override
    public int countTokens(String text) {
        return encoder.tokenizer().encode(text).length;
    }

    @Override
    public ModelInfo model() {
        return info;
    }

    @Override
    public EngineStats stats() {
        return counters.snapshot();
    }

    @Override
    public ExpertLoad expertLoad() {
        return model.expertLoad();
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        open.endAll(EngineErrors.closed());
        loop.stop();
        try {
            thread.join(CLOSE_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.warn("the engine's step did not end within {}; its memory is given back when it does", CLOSE_LIMIT);
        }
        timer.shutdownNow();
        // What was answered before is still delivered.
        callbacks.shutdown();
        LOG.info("engine closed: {}", stats());
    }

    private <T> PendingResult<T> submit(Task<T> task, Optional<Duration> timeout, PendingRequest.Listener listener) {
        PendingRequest<T> request = new PendingRequest<>(callbacks, (ended, ending) -> {
            listener.ended(ended, ending);
            if (ending == PendingRequest.Ending.BADLY) {
                loop.release(ended);
            }
        });
        if (enter(request, timeout)) {
            loop.submit(task, request);
        }
        return request;
    }

    private boolean enter(PendingRequest<?> request, Optional<Duration> timeout) {
        Optional<EngineException> ended = open.enter(request);
        if (ended.isPresent()) {
            request.fail(EngineErrors.again(ended.get()));
            return false;
        }
        try {
            timeout.ifPresent(limit -> request.watch(timer.schedule(
                    () -> request.fail(EngineErrors.timeout(limit)), nanos(limit), TimeUnit.NANOSECONDS)));
        } catch (RejectedExecutionException e) {
            request.fail(EngineErrors.closed());
        }
        return true;
    }

    private void count(PendingRequest<?> request, PendingRequest.Ending ending) {
        counters.countEnd(ending);
        leave(request, ending);
    }

    private void leave(PendingRequest<?> request, PendingRequest.Ending ending) {
        open.leave(request);
    }

    /** What has failed before it was submitted; whoever counts it hears of it as of any other end. */
    private static <T> PendingResult<T> refused(EngineException error, PendingRequest.Listener listener) {
        PendingRequest<T> request = new PendingRequest<>(Runnable::run, listener);
        request.fail(error);
        return request;
    }

    /** Longer than any process lives where the limit is beyond what a timer counts. */
    private static long nanos(Duration limit) {
        return limit.compareTo(LONGEST_LIMIT) > 0 ? LONGEST_LIMIT.toNanos() : limit.toNanos();
    }

    private static ThreadFactory threads(String name) {
        AtomicInteger number = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, name + "-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }
}
