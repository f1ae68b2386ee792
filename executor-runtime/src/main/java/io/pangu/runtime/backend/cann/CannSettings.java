package io.pangu.runtime.backend.cann;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;

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
 */
record CannSettings(
        int timeoutMillis,
        boolean synchronizesOperators,
        long arenaChunkBytes,
        int stagingSlots,
        long stagingSlotBytes,
        int maxExecutors,
        boolean usesGraphs) {
    /** Sets {@link #timeoutMillis}. */
    static final String TIMEOUT_PROPERTY = "pangu.cann.timeout-millis";

    /** {@code true} sets {@link #synchronizesOperators}. */
    static final String SYNCHRONIZE_PROPERTY = "pangu.cann.synchronize-operators";

    /** {@code false} unsets {@link #usesGraphs}. */
    static final String GRAPHS_PROPERTY = "pangu.cann.graphs";

    /** As long as a step may take by default. */
    private static final int TIMEOUT_MILLIS = 30 * 60 * 1000;

    static final CannSettings DEFAULT = new CannSettings(TIMEOUT_MILLIS, false, 256L << 20, 8, 8L << 20, 4096, true);

    /**
     * What the system properties say.
     *
     * @throws EngineException {@code INVALID_CONFIG} for a value that is none
     */
    static CannSettings current() {
        return DEFAULT.withTimeoutMillis(timeout(System.getProperty(TIMEOUT_PROPERTY, "")))
                .withSynchronizedOperators(Boolean.getBoolean(SYNCHRONIZE_PROPERTY))
                .withGraphs(!System.getProperty(GRAPHS_PROPERTY, "").strip().equalsIgnoreCase("false"));
    }

    private static int timeout(String value) {
        if (value.isBlank()) {
            return TIMEOUT_MILLIS;
        }
        if (!value.strip().matches("[1-9]\\d{0,8}")) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    TIMEOUT_PROPERTY + " is '" + value + "'; give milliseconds, from 1 to 999999999");
        }
        return Integer.parseInt(value.strip());
    }

    CannSettings withTimeoutMillis(int millis) {
        return new CannSettings(
                millis,
                synchronizesOperators,
                arenaChunkBytes,
                stagingSlots,
                stagingSlotBytes,
                maxExecutors,
                usesGraphs);
    }

    CannSettings withSynchronizedOperators(boolean isWanted) {
        return new CannSettings(
                timeoutMillis, isWanted, arenaChunkBytes, stagingSlots, stagingSlotBytes, maxExecutors, usesGraphs);
    }

    CannSettings withGraphs(boolean areWanted) {
        return new CannSettings(
                timeoutMillis,
                synchronizesOperators,
                arenaChunkBytes,
                stagingSlots,
                stagingSlotBytes,
                maxExecutors,
                areWanted);
    }
}
