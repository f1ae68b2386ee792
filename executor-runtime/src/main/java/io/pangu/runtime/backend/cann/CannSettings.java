package io.pangu.runtime.backend.cann;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.OptionalInt;

/**
 * How devices are run.
 *
 * @param timeoutMillis longest wait for what is on a stream, and for other ranks
 * @param synchronizesOperators whether each operator is waited for and named when it fails: slow, for finding the one that does
 * @param arenaChunkBytes size of one allocation of device memory
 * @param stagingSlots pieces of pinned memory
 * @param stagingSlotBytes size of each
 * @param maxExecutors most executors that a device keeps
 * @param usesGraphs whether decode steps are captured as graphs, where CANN and the driver have them
 * @param callLimits how long calls may take
 */
record CannSettings(
        int timeoutMillis,
        boolean synchronizesOperators,
        long arenaChunkBytes,
        int stagingSlots,
        long stagingSlotBytes,
        int maxExecutors,
        boolean usesGraphs,
        CallLimits callLimits) {
    /** Sets {@link #timeoutMillis}. */
    static final String TIMEOUT_PROPERTY = "pangu.cann.timeout-millis";

    /** {@code true} sets {@link #synchronizesOperators}. */
    static final String SYNCHRONIZE_PROPERTY = "pangu.cann.synchronize-operators";

    /** {@code false} unsets {@link #usesGraphs}. */
    static final String GRAPHS_PROPERTY = "pangu.cann.graphs";

    /** Sets {@link #callLimits}, one limit for all. */
    static final String CALL_LIMIT_PROPERTY = "pangu.cann.call-limit-millis";

    /** As long as a step may take by default. */
    private static final int TIMEOUT_MILLIS = 30 * 60 * 1000;

    static final CannSettings DEFAULT =
            new CannSettings(TIMEOUT_MILLIS, false, 256L << 20, 8, 8L << 20, 4096, true, CallLimits.DEFAULT);

    /**
     * What the system properties say.
     *
     * @throws EngineException {@code INVALID_CONFIG} for a value that is none
     */
    static CannSettings current() {
        CallLimits limits = millis(CALL_LIMIT_PROPERTY).stream()
                .mapToObj(CallLimits::all)
                .findAny()
                .orElse(CallLimits.DEFAULT);
        return DEFAULT.withTimeoutMillis(millis(TIMEOUT_PROPERTY).orElse(TIMEOUT_MILLIS))
                .withSynchronizedOperators(Boolean.getBoolean(SYNCHRONIZE_PROPERTY))
                .withGraphs(!System.getProperty(GRAPHS_PROPERTY, "").strip().equalsIgnoreCase("false"))
                .withCallLimits(limits);
    }

    private static OptionalInt millis(String property) {
        String value = System.getProperty(property, "");
        if (value.isBlank()) {
            return OptionalInt.empty();
        }
        if (!value.strip().matches("[1-9]\\d{0,8}")) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG, property + " is '" + value + "'; give milliseconds, from 1 to 999999999");
        }
        return OptionalInt.of(Integer.parseInt(value.strip()));
    }

    CannSettings withTimeoutMillis(int millis) {
        return new CannSettings(
                millis,
                synchronizesOperators,
                arenaChunkBytes,
                stagingSlots,
                stagingSlotBytes,
                maxExecutors,
                usesGraphs,
                callLimits);
    }

    CannSettings withSynchronizedOperators(boolean isWanted) {
        return new CannSettings(
                timeoutMillis,
                isWanted,
                arenaChunkBytes,
                stagingSlots,
                stagingSlotBytes,
                maxExecutors,
                usesGraphs,
                callLimits);
    }

    CannSettings withGraphs(boolean areWanted) {
        return new CannSettings(
                timeoutMillis,
                synchronizesOperators,
                arenaChunkBytes,
                stagingSlots,
                stagingSlotBytes,
                maxExecutors,
                areWanted,
                callLimits);
    }

    CannSettings withCallLimits(CallLimits limits) {
        return new CannSettings(
                timeoutMillis,
                synchronizesOperators,
                arenaChunkBytes,
                stagingSlots,
                stagingSlotBytes,
                maxExecutors,
                usesGraphs,
                limits);
    }
}
