package io.pangu.spark.engine;

/** The way to the engines of the JVM that the task runs in. */
public enum JvmEngineAccess implements EngineAccess {
    INSTANCE;

    @Override
    public EngineClient client(EngineSettings settings) {
        return EngineClients.client(settings);
    }
}
