package io.pangu.spark.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A page of {@code docs/} that is written from the code. */
public final class GeneratedPage {
    private static final String WRITE = "docs.write";

    private GeneratedPage() {}

    /** Fails unless the page holds this text; writes it with {@code -Ddocs.write=true}. */
    public static void holds(String name, String text) {
        Path page = docs().resolve(name);
        try {
            if (Boolean.getBoolean(WRITE)) {
                Files.createDirectories(page.getParent());
                Files.writeString(page, text);
            }
            String found = Files.exists(page) ? Files.readString(page) : "";
            assertThat(found)
                    .as("docs/%s is out of date. Write it anew by running this test with -D%s=true", name, WRITE)
                    .isEqualTo(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text of a page that is written by hand. */
    public static String text(String name) {
        try {
            return Files.readString(docs().resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path docs() {
        // Maven runs the tests in the module's directory.
        return Path.of("..", "docs").toAbsolutePath().normalize();
    }
}
