package io.pangu.spark.engine;

/**
 * A way to get an engine. The one in this JVM is always there; others are found as services and asked first. Thread-safe,
 * with a public constructor without parameters.
 */
public interface EngineOpener {
    /** Whether the engine for these settings is this opener's to open. */
    boolean opens(EngineSettings settings);

    /**
     * Loads the model; takes as long as that does.
     *
     * @throws RuntimeException whose message says problem, cause and remedy
     */
    OwnedEngine open(EngineSettings settings);
}
