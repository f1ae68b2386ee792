package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineAccess;
import io.pangu.spark.engine.EngineOpener;
import io.pangu.spark.engine.EngineSettings;
import io.pangu.spark.engine.OwnedEngine;

/** The one fake engine of this JVM, which tasks in local mode share with the tests; found as a service by its model. */
public final class FakeEngines implements EngineOpener {
    /** What {@code spark.pangu.model} is to be for this engine. */
    public static final String MODEL = "/models/fake";

    /** Another, which says on standard output that it was closed. */
    public static final String SPEAKING = MODEL + "-speaking";

    public static final FakeEngineClient ENGINE = new FakeEngineClient();

    public static EngineAccess access() {
        return settings -> ENGINE;
    }

    @Override
    public boolean opens(EngineSettings settings) {
        return settings.model().equals(MODEL) || settings.model().equals(SPEAKING);
    }

    @Override
    public OwnedEngine open(EngineSettings settings) {
        return settings.model().equals(MODEL) ? ENGINE : new Speaking();
    }

    private static final class Speaking extends FakeEngineClient {
        @Override
        public void close() {
            System.out.println("closed");
        }
    }
}
