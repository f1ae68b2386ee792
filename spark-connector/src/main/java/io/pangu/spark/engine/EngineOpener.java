package io.pangu.spark.engine;

/** Opens an engine; takes as long as loading its checkpoint does. */
@FunctionalInterface
interface EngineOpener {
    /**
     * Loads the model.
     *
     * @throws RuntimeException whose message says problem, cause and remedy
     */
    OwnedEngine open(EngineSettings settings);
}
