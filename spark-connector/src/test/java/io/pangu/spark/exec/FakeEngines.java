package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineAccess;
import io.pangu.spark.engine.EngineOpener;
import io.pangu.spark.engine.EngineSettings;
import io.pangu.spark.engine.OwnedEngine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The one fake engine of this JVM, which tasks in local mode share with the tests; found as a service by its model. */
public final class FakeEngines implements EngineOpener {
    /** What {@code spark.pangu.model} is to be for this engine. */
    public static final String MODEL = "/models/fake";

    /** Another, which notes that it was closed. */
    public static final String NOTING = MODEL + "-noting";

    /** The property that names the file for notes between JVMs. */
    public static final String NOTES = "pangu.test.notes";

    public static final FakeEngineClient ENGINE = new FakeEngineClient();

    public static EngineAccess access() {
        return settings -> ENGINE;
    }

    @Override
    public boolean opens(EngineSettings settings) {
        return settings.model().equals(MODEL) || settings.model().equals(NOTING);
    }

    @Override
    public OwnedEngine open(EngineSettings settings) {
        return settings.model().equals(MODEL) ? ENGINE : new Noting();
    }

    /** Adds a line to the file for notes. */
    public static void note(String line) {
        try {
            Files.writeString(
                    Path.of(System.getProperty(NOTES)),
                    line + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Noting extends FakeEngineClient {
        @Override
        public void close() {
            note("closed");
        }
    }
}
