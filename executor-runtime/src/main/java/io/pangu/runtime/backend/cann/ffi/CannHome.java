package io.pangu.runtime.backend.cann.ffi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A directory with a CANN installation, that is one with {@code lib64/libascendcl.so} or {@code lib64/libacl_rt.so}. Finding it
 * reads directories and loads nothing.
 *
 * @param directory the home, an absolute path
 * @param source who named it, for messages: an option, a variable of the environment, a default place
 */
public record CannHome(Path directory, String source) {
    /** Names a home in the environment, the first before the second. */
    public static final List<String> HOME_VARIABLES = List.of("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME");

    private static final List<String> DEFAULT_PLACES = List.of("ascend-toolkit/latest", "cann");
    private static final List<String> RUNTIME_LIBRARIES = List.of("libacl_rt.so", "libascendcl.so");

    /** What came of looking for a home. */
    public sealed interface Search {
        /** There is one. */
        record Found(CannHome home) implements Search {}

        /**
         * There is none.
         *
         * @param reason every place that was looked at and how to mend it
         */
        record NotFound(String reason) implements Search {}
    }

    /** The directory of its libraries. */
    public Path libraries() {
        return directory.resolve("lib64");
    }

    /**
     * Looks for a home: the option's, which must be right, or else the first that is one among the environment's and the
     * default places.
     *
     * @param option a directory that the user named; empty when none
     * @param environment variables by name
     * @param root the file system's root; another in tests
     */
    public static Search find(Optional<Path> option, Map<String, String> environment, Path root) {
        List<String> looked = new ArrayList<>();
        for (Map.Entry<String, Path> place : places(option, environment, root).entrySet()) {
            Path directory = place.getValue().toAbsolutePath();
            CannHome home = new CannHome(directory, place.getKey());
            if (RUNTIME_LIBRARIES.stream()
                    .anyMatch(name -> Files.isReadable(home.libraries().resolve(name)))) {
                return new Search.Found(home);
            }
            looked.add(directory + " (" + place.getKey() + ")");
        }
        return new Search.NotFound("no CANN in " + String.join(", ", looked) + ": none has " + "lib64/"
                + String.join(" or lib64/", RUNTIME_LIBRARIES)
                + " that can be read; install the CANN toolkit, or run its set_env.sh before java starts");
    }

    private static Map<String, Path> places(Optional<Path> option, Map<String, String> environment, Path root) {
        Map<String, Path> places = new LinkedHashMap<>();
        if (option.isPresent()) {
            places.put("the option", option.get());
            return places;
        }
        for (String variable : HOME_VARIABLES) {
            String value = environment.getOrDefault(variable, "");
            if (!value.isBlank()) {
                places.put(variable, root.resolve(value.strip()));
            }
        }
        for (String place : DEFAULT_PLACES) {
            places.put(
                    "default place /usr/local/Ascend/" + place,
                    root.resolve("usr/local/Ascend").resolve(place));
        }
        String user = environment.getOrDefault("HOME", "");
        if (!user.isBlank()) {
            for (String place : DEFAULT_PLACES) {
                places.put(
                        "default place ~/Ascend/" + place,
                        root.resolve(user).resolve("Ascend").resolve(place));
            }
        }
        return places;
    }

    /** The installation's version as its files tell it, for instance {@code 8.1.RC1}. */
    public Optional<String> version() {
        return installFiles().map(CannHome::versionIn).flatMap(Optional::stream).findFirst();
    }

    private Stream<Path> installFiles() {
        return Stream.of(
                        "aarch64-linux/ascend_toolkit_install.info",
                        "x86_64-linux/ascend_toolkit_install.info",
                        "share/info/runtime/version.info",
                        "runtime/version.info",
                        "version.info")
                .map(directory::resolve)
                .filter(Files::isReadable);
    }

    private static Optional<String> versionIn(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
                    .map(String::strip)
                    .filter(line -> line.matches("(?i)version\\s*=.*"))
                    .map(line -> line.substring(line.indexOf('=') + 1).strip())
                    .filter(version -> !version.isEmpty())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // a version is for messages: without one the home works as well
        }
    }
}
