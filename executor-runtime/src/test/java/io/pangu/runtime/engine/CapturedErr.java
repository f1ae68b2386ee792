package io.pangu.runtime.engine;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What goes to standard error, the log above all, kept instead of printed. */
final class CapturedErr implements AutoCloseable {
    private final PrintStream original = System.err;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    CapturedErr() {
        System.setErr(new PrintStream(kept, true, StandardCharsets.UTF_8));
    }

    String text() {
        return kept.toString(StandardCharsets.UTF_8);
    }

    void clear() {
        kept.reset();
    }

    @Override
    public void close() {
        System.setErr(original);
    }
}
