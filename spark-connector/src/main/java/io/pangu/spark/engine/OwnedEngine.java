package io.pangu.spark.engine;

/** An engine as its owner holds it. */
public interface OwnedEngine extends EngineClient, AutoCloseable {
    /** Whether its device failed, so that it serves nobody any more. */
    boolean isLost();

    /** Ends what is in flight and gives devices and memory back. Idempotent. */
    @Override
    void close();
}
