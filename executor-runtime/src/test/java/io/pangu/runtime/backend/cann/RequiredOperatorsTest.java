package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.doctor.probe.OperatorChoice;
import io.pangu.runtime.doctor.probe.Use;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What kernels call, what the engine asks an installation for before it starts, and what the doctor says of it. */
class RequiredOperatorsTest {
    private static final Path SOURCES = Path.of("src/main/java/io/pangu/runtime/backend/cann");
    private static final Pattern NAMED = Pattern.compile("AclnnOperator\\.([A-Z][A-Z0-9_]+)");

    private static Set<AclnnOperator> calledByKernels() throws IOException {
        Set<AclnnOperator> called = new TreeSet<>();
        try (Stream<Path> files = Files.list(SOURCES)) {
            files.filter(file -> !file.endsWith("RequiredOperators.java")
                            && file.toString().endsWith(".java"))
                    .flatMap(file -> NAMED.matcher(read(file)).results())
                    .map((MatchResult name) -> AclnnOperator.valueOf(name.group(1)))
                    .forEach(called::add);
        }
        return called;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<List<AclnnOperator>> said(Use use) {
        return OperatorChoice.all().stream()
                .filter(choice -> choice.use() == use)
                .map(OperatorChoice::newestFirst)
                .toList();
    }

    @Test
    void areAllThatKernelsCall() throws IOException {
        Set<AclnnOperator> required = new TreeSet<>();
        RequiredOperators.NEEDED.forEach(required::addAll);
        RequiredOperators.NEEDED_FOR_INT8.forEach(required::addAll);

        assertThat(required).hasSizeGreaterThan(30).isEqualTo(calledByKernels());
    }

    @Test
    void areThoseThatTheDoctorNames() {
        assertThat(said(Use.DECODER)).containsExactlyInAnyOrderElementsOf(RequiredOperators.NEEDED);
        assertThat(said(Use.INT8)).containsExactlyInAnyOrderElementsOf(RequiredOperators.NEEDED_FOR_INT8);
    }
}
