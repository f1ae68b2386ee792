package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which block kernels a device computes with: those that the user names, else the C library's, else the Vector API's.
 */
final class KernelChoice {
    private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private final Supplier<Lookup> nativeKernels;
    private final Supplier<Lookup> vectorKernels;
    private final Logger log;
    private final AtomicBoolean warned;

    /** What came of looking for one kind of kernels. */
    sealed interface Lookup {
        /** They can be used. */
        record Found(BlockKernels kernels) implements Lookup {}

        /** They cannot; what is missing and how to mend it. */
        record Missing(String reason) implements Lookup {}
    }

    KernelChoice(Supplier<Lookup> nativeKernels, Supplier<Lookup> vectorKernels) {
        this(nativeKernels, vectorKernels, LOG, WARNED);
    }

    /**
     * The same with a log of its own.
     *
     * @param warned whether the user was told of missing kernels already
     */
    KernelChoice(Supplier<Lookup> nativeKernels, Supplier<Lookup> vectorKernels, Logger log, AtomicBoolean warned) {
        this.nativeKernels = nativeKernels;
        this.vectorKernels = vectorKernels;
        this.log = log;
        this.warned = warned;
    }

    /**
     * The kernels for a setting.
     *
     * @param setting {@code auto}, {@code native} or {@code vector}
     * @throws EngineException {@code INVALID_CONFIG} for another word, {@code BACKEND_UNAVAILABLE} with the reasons
     */
    BlockKernels choose(String setting) {
        return switch (setting) {
            case "native" -> require("native", nativeKernels.get());
            case "vector" -> require("vector", vectorKernels.get());
            case "auto" -> best();
            default ->
                throw new EngineException(
                        ErrorCode.INVALID_CONFIG,
                        "CPU kernels '" + setting + "' are unknown; known are auto, native and vector",
                        Map.of("kernels", setting),
                        null);
        };
    }

    private static BlockKernels require(String name, Lookup lookup) {
        return switch (lookup) {
            case Lookup.Found found -> found.kernels();
            case Lookup.Missing missing ->
                throw new EngineException(
                        ErrorCode.BACKEND_UNAVAILABLE,
                        "the " + name + " CPU kernels cannot run here: " + missing.reason(),
                        Map.of("kernels", name),
                        null);
        };
    }

    private BlockKernels best() {
        return switch (nativeKernels.get()) {
            case Lookup.Found found -> found.kernels();
            case Lookup.Missing noLibrary -> fallBack(noLibrary.reason());
        };
    }

    private BlockKernels fallBack(String reason) {
        return switch (vectorKernels.get()) {
            case Lookup.Found found -> {
                if (warned.compareAndSet(false, true)) {
                    log.warn(
                            "running without the C kernels, on {}: single requests decode as fast, long prompts and large"
                                    + " batches at about half the speed with bf16 weights and a fifth with int8 ({})",
                            found.kernels().description(),
                            reason);
                }
                yield found.kernels();
            }
            case Lookup.Missing noVectors ->
                throw new EngineException(
                        ErrorCode.BACKEND_UNAVAILABLE,
                        "no CPU kernels can run here: " + reasons(reason, noVectors.reason()));
        };
    }

    private static String reasons(String noLibrary, String noVectors) {
        return "native: " + noLibrary + "; vector: " + noVectors;
    }

    /** Why no kernels at all can run, or nothing when some can. The Vector API is asked first because that takes no time. */
    String whyNone() {
        if (!(vectorKernels.get() instanceof Lookup.Missing noVectors)) {
            return "";
        }
        return nativeKernels.get() instanceof Lookup.Missing noLibrary
                ? reasons(noLibrary.reason(), noVectors.reason())
                : "";
    }
}
