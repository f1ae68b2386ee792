package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineAccess;

/** The one fake engine of this JVM, which tasks in local mode share with the tests. */
public final class FakeEngines {
    public static final FakeEngineClient ENGINE = new FakeEngineClient();

    private FakeEngines() {}

    public static EngineAccess access() {
        return settings -> ENGINE;
    }
}
