package io.pangu.spark.engine;

import io.pangu.spark.request.EngineRequest;

/**
 * The engine of this executor, shared by all its tasks. Thread-safe. Names no type of the runtime, so that code which only
 * holds one loads on any Java.
 */
public interface EngineClient {
    /** Hands a call in; never blocks, never throws for a bad call: the reply says what is wrong with it. */
    PendingReply submit(EngineRequest request);

    /** What runs. */
    ModelDescription model();

    /** Counters since the engine was opened, and its state now. */
    EngineCounters counters();
}
