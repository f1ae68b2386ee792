package io.pangu.runtime.config;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;
import java.util.List;

/**
 * What the user asked of an engine. Sizes that are 0 are chosen by the engine from the model and the machine.
 *
 * @param modelDirectory the checkpoint directory
 * @param backend {@code auto} or a provider's name
 * @param deviceAddresses logical ids of the devices to use, in rank order; empty: the provider's first
 * @param numDevices how many devices when no addresses are given
 * @param threads worker threads of a CPU device, 0 = one per available processor
 * @param cpuKernels {@code auto}, {@code native} or {@code vector}
 * @param weights how float weights are held; what a checkpoint has quantised already stays as it is
 * @param maxContextLength longest prompt plus completion in tokens, 0 = the model's
 * @param maxBatchTokens token budget of a step, 0 = default
 * @param maxSequences sequences that run at once, 0 = default
 * @param kvCacheBytes memory of the key and value cache over all layers and devices, 0 = a share of what is free
 * @param stepLimit how long a step may take before a device that does not come back is given up
 */
public record EngineConfig(
        String modelDirectory,
        String backend,
        List<String> deviceAddresses,
        int numDevices,
        int threads,
        String cpuKernels,
        WeightPrecision weights,
        int maxContextLength,
        int maxBatchTokens,
        int maxSequences,
        long kvCacheBytes,
        Duration stepLimit) {

    /** Far beyond what a step takes, also that of a large model on few processors. */
    private static final Duration DEFAULT_STEP_LIMIT = Duration.ofMinutes(30);

    public EngineConfig {
        deviceAddresses = List.copyOf(deviceAddresses);
        requireAtLeast(1, numDevices, "numDevices");
        requireAtLeast(0, threads, "threads");
        requireAtLeast(0, maxContextLength, "maxContextLength");
        requireAtLeast(0, maxBatchTokens, "maxBatchTokens");
        requireAtLeast(0, maxSequences, "maxSequences");
        requireAtLeast(0, kvCacheBytes, "kvCacheBytes");
        if (!stepLimit.isPositive()) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG, "stepLimit is " + stepLimit + "; it must be longer than nothing");
        }
    }

    /** Everything at its default, for this checkpoint. */
    public static EngineConfig of(String modelDirectory) {
        return new EngineConfig(
                modelDirectory,
                "auto",
                List.of(),
                1,
                0,
                "auto",
                WeightPrecision.BFLOAT16,
                0,
                0,
                0,
                0,
                DEFAULT_STEP_LIMIT);
    }

    public EngineConfig withBackend(String value) {
        return new EngineConfig(
                modelDirectory,
                value,
                deviceAddresses,
                numDevices,
                threads,
                cpuKernels,
                weights,
                maxContextLength,
                maxBatchTokens,
                maxSequences,
                kvCacheBytes,
                stepLimit);
    }

    public EngineConfig withDevices(List<String> addresses, int count) {
        return new EngineConfig(
                modelDirectory,
                backend,
                addresses,
                count,
                threads,
                cpuKernels,
                weights,
                maxContextLength,
                maxBatchTokens,
                maxSequences,
                kvCacheBytes,
                stepLimit);
    }

    public EngineConfig withCpu(int threadCount, String kernels) {
        return new EngineConfig(
                modelDirectory,
                backend,
                deviceAddresses,
                numDevices,
                threadCount,
                kernels,
                weights,
                maxContextLength,
                maxBatchTokens,
                maxSequences,
                kvCacheBytes,
                stepLimit);
    }

    public EngineConfig withWeights(WeightPrecision value) {
        return new EngineConfig(
                modelDirectory,
                backend,
                deviceAddresses,
                numDevices,
                threads,
                cpuKernels,
                value,
                maxContextLength,
                maxBatchTokens,
                maxSequences,
                kvCacheBytes,
                stepLimit);
    }

    public EngineConfig withLimits(int contextLength, int batchTokens, int sequences, long cacheBytes) {
        return new EngineConfig(
                modelDirectory,
                backend,
                deviceAddresses,
                numDevices,
                threads,
                cpuKernels,
                weights,
                contextLength,
                batchTokens,
                sequences,
                cacheBytes,
                stepLimit);
    }

    public EngineConfig withStepLimit(Duration limit) {
        return new EngineConfig(
                modelDirectory,
                backend,
                deviceAddresses,
                numDevices,
                threads,
                cpuKernels,
                weights,
                maxContextLength,
                maxBatchTokens,
                maxSequences,
                kvCacheBytes,
                limit);
    }

    private static void requireAtLeast(long least, long value, String name) {
        if (value < least) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG, name + " is " + value + "; it must be at least " + least);
        }
    }
}
