package io.pangu.spark.engine;

import java.io.Serializable;

/**
 * The way from a task to the engine of its executor: part of the physical plan, sent to executors. Implementations are
 * thread-safe and hold no engine themselves.
 */
@FunctionalInterface
public interface EngineAccess extends Serializable {
    /**
     * The engine for these settings, opened by the first caller in this JVM and shared by all later ones. Blocks while
     * it is being opened; throws what opening it threw, with problem, cause and remedy, to every caller.
     */
    EngineClient client(EngineSettings settings);
}
