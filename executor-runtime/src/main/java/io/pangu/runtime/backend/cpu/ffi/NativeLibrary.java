package io.pangu.runtime.backend.cpu.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Where the C library of this platform comes from: the directory named by the system property {@value #DIRECTORY_PROPERTY},
 * or else the jar. A library out of the jar is copied into a directory of its own that is gone as soon as the library is
 * mapped, so that nothing is left behind and nobody can put another in its place.
 */
final class NativeLibrary {
    /** Directory that holds {@value #FILE_NAME}, instead of the library in the jar. */
    static final String DIRECTORY_PROPERTY = "pangu.native.dir";

    static final String FILE_NAME = "libpangu_cpu.so";

    private NativeLibrary() {}

    /** An opened library, or why there is none. */
    sealed interface Opened {
        record Library(SymbolLookup symbols, String origin) implements Opened {}

        record None(String reason) implements Opened {}
    }

    /** Opens the library of this platform; it stays open as long as the process lives. */
    static Opened open() {
        String directory = System.getProperty(DIRECTORY_PROPERTY, "");
        if (!directory.isEmpty()) {
            return openFile(Path.of(directory, FILE_NAME));
        }
        return openResource("/io/pangu/runtime/native/" + platform() + "/" + FILE_NAME, platform());
    }

    /** For instance {@code linux-x86_64}. */
    static String platform() {
        String os = System.getProperty("os.name", "unknown")
                .toLowerCase(Locale.ROOT)
                .replace(' ', '-');
        return os + "-" + architecture();
    }

    private static String architecture() {
        String architecture = System.getProperty("os.arch", "unknown");
        return architecture.equals("amd64") ? "x86_64" : architecture;
    }

    static Opened openFile(Path file) {
        if (!Files.isRegularFile(file)) {
            return new Opened.None(file + " does not exist; set -D" + DIRECTORY_PROPERTY
                    + " to the directory that holds " + FILE_NAME + ", or leave it out to use the library in the jar");
        }
        return link(file, file.toString());
    }

    static Opened openResource(String resource, String platform) {
        try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
            if (library == null) {
                return new Opened.None("this build has no C library for " + platform
                        + "; build it on a machine with a C compiler (gcc 10 or newer)");
            }
            Path directory = Files.createTempDirectory("pangu-cpu-");
            Path file = directory.resolve(FILE_NAME);
            try {
                Files.copy(library, file);
                return link(file, "the jar's " + platform + " library by way of " + directory.getParent());
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            return new Opened.None("the C library could not be copied to " + System.getProperty("java.io.tmpdir") + " ("
                    + e + "); set -Djava.io.tmpdir to a directory that can be written to");
        }
    }

    @SuppressWarnings("restricted")
    private static Opened link(Path file, String origin) {
        Optional<String> fault = ElfFile.fault(file, architecture());
        if (fault.isPresent()) {
            return new Opened.None(origin + " is damaged: " + fault.get() + "; build or install it again");
        }
        try {
            return new Opened.Library(SymbolLookup.libraryLookup(file, Arena.global()), origin);
        } catch (IllegalArgumentException | IllegalCallerException e) {
            return new Opened.None("the system refuses to load " + origin + " (" + e.getMessage()
                    + "); if the directory is mounted noexec, set -Djava.io.tmpdir or -D" + DIRECTORY_PROPERTY
                    + " to another");
        }
    }
}
