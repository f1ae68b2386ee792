package io.pangu.spark.engine;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.WeightPrecision;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the runtime is to be asked for, from the {@code spark.pangu.*} settings. */
final class EngineConfigReader {
    static final String BACKEND = "spark.pangu.backend";
    static final String DEVICES = "spark.pangu.devices";
    static final String THREADS = "spark.pangu.threads";
    static final String CPU_KERNELS = "spark.pangu.cpu.kernels";
    static final String WEIGHTS = "spark.pangu.weights";
    static final String MAX_CONTEXT_LENGTH = "spark.pangu.max-context-length";
    static final String MAX_BATCH_TOKENS = "spark.pangu.max-batch-tokens";
    static final String MAX_SEQUENCES = "spark.pangu.max-sequences";
    static final String KV_CACHE_BYTES = "spark.pangu.kv-cache-bytes";

    private static final Set<String> CPU_KERNEL_CHOICES = Set.of("auto", "native", "vector");
    private static final Map<String, WeightPrecision> WEIGHT_CHOICES = Map.of(
            "fp32", WeightPrecision.FLOAT32,
            "bf16", WeightPrecision.BFLOAT16,
            "int8", WeightPrecision.INT8);

    private final EngineSettings settings;

    private EngineConfigReader(EngineSettings settings) {
        this.settings = settings;
    }

    /**
     * The runtime's form of the settings.
     *
     * @throws EngineUnavailableException naming the setting, its value and what it may be
     */
    static EngineConfig read(EngineSettings settings) {
        return new EngineConfigReader(settings).config();
    }

    private EngineConfig config() {
        if (settings.model().isBlank()) {
            throw new EngineUnavailableException(
                    "no model is configured: set spark.pangu.model to a checkpoint directory");
        }
        EngineConfig defaults = EngineConfig.of(settings.model());
        int devices = settings.deviceAddresses().isEmpty()
                ? whole(DEVICES, defaults.numDevices(), 1, 8)
                : settings.deviceAddresses().size();
        return defaults.withBackend(text(BACKEND, defaults.backend()))
                .withDevices(settings.deviceAddresses(), devices)
                .withCpu(whole(THREADS, defaults.threads(), 0, 4096), cpuKernels(defaults.cpuKernels()))
                .withWeights(weights(defaults.weights()))
                .withLimits(
                        whole(MAX_CONTEXT_LENGTH, defaults.maxContextLength(), 0, Integer.MAX_VALUE),
                        whole(MAX_BATCH_TOKENS, defaults.maxBatchTokens(), 0, Integer.MAX_VALUE),
                        whole(MAX_SEQUENCES, defaults.maxSequences(), 0, Integer.MAX_VALUE),
                        number(KV_CACHE_BYTES, defaults.kvCacheBytes(), 0, Long.MAX_VALUE));
    }

    private String cpuKernels(String fallback) {
        String value = text(CPU_KERNELS, fallback);
        if (!CPU_KERNEL_CHOICES.contains(value)) {
            throw unknown(CPU_KERNELS, value, CPU_KERNEL_CHOICES);
        }
        return value;
    }

    private WeightPrecision weights(WeightPrecision fallback) {
        String value = settings.options().get(WEIGHTS);
        if (value == null) {
            return fallback;
        }
        WeightPrecision known = WEIGHT_CHOICES.get(value.trim().toLowerCase(Locale.ROOT));
        if (known == null) {
            throw unknown(WEIGHTS, value, WEIGHT_CHOICES.keySet());
        }
        return known;
    }

    private String text(String key, String fallback) {
        return settings.options().getOrDefault(key, fallback).trim().toLowerCase(Locale.ROOT);
    }

    private int whole(String key, int fallback, int least, int most) {
        return (int) number(key, fallback, least, most);
    }

    private long number(String key, long fallback, long least, long most) {
        String value = settings.options().get(key);
        if (value == null) {
            return fallback;
        }
        try {
            long number = Long.parseLong(value.trim());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new EngineUnavailableException(key + " is '" + value + "', which is not a whole number", e);
        }
        throw new EngineUnavailableException(key + " is " + value + "; it must be "
                + (most >= Integer.MAX_VALUE ? "at least " + least : "between " + least + " and " + most));
    }

    private static EngineUnavailableException unknown(String key, String value, Set<String> known) {
        return new EngineUnavailableException(
                key + " is '" + value + "', which is unknown; known are " + String.join(", ", new TreeSet<>(known)));
    }
}
