package io.pangu.spark.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An installed Java.
 *
 * @param directory its home
 * @param version as its {@code release} file says
 */
record JavaHome(Path directory, String version) {
    static final String NONE_OLDER =
            "no Java from 17 to 24 with bin/java was found: not Maven's own, not in JAVA17_HOME,"
                    + " not beside the one that runs the tests";

    private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(([0-9]+)[^\"]*)\"");

    /** The Java that runs this test. */
    static JavaHome running() {
        return new JavaHome(Path.of(System.getProperty("java.home")), System.getProperty("java.version"));
    }

    /** One that Spark runs on and the engine does not. */
    static Optional<JavaHome> older() {
        List<Path> candidates = new ArrayList<>();
        Stream.of(System.getProperty("pangu.maven-java-home"), System.getenv("JAVA17_HOME"))
                .filter(name -> name != null && !name.isEmpty())
                .map(Path::of)
                .forEach(candidates::add);
        Path siblings = running().directory().getParent();
        if (siblings != null) {
            try (Stream<Path> found = Files.list(siblings)) {
                found.sorted().forEach(candidates::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return candidates.stream().flatMap(path -> JavaHome.at(path).stream()).findFirst();
    }

    Path java() {
        return directory.resolve("bin/java");
    }

    private static Optional<JavaHome> at(Path directory) {
        Path release = directory.resolve("release");
        if (!Files.isExecutable(directory.resolve("bin/java")) || !Files.isRegularFile(release)) {
            return Optional.empty();
        }
        try {
            Matcher version = VERSION.matcher(Files.readString(release));
            boolean isOlder = version.find()
                    && Integer.parseInt(version.group(2)) >= 17
                    && Integer.parseInt(version.group(2)) < 25;
            // As that Java itself names it: distributions have links.
            return isOlder ? Optional.of(new JavaHome(directory.toRealPath(), version.group(1))) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
