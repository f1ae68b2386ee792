package io.pangu.runtime.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command for machines without NPUs. */
class CpuExaminationTest {
    private static final String GOLDEN =
            Path.of("src/test/resources/golden/moge-tiny").toAbsolutePath().toString();

    @TempDir
    private Path directory;

    private Patient.Visit visit(String... options) throws IOException {
        return new Patient(directory, directory.resolve("no-cann")).visit(options);
    }

    @Test
    void itSaysWhichKernelsRunAndThatTheModelFits() throws IOException {
        Patient.Visit visit = visit("--backend", "cpu", "--model", GOLDEN);
        assertThat(visit.status()).as(visit.text()).isZero();
        assertThat(visit.verdict()).startsWith("can run on the CPU");
        assertThat(visit.finding("Vector API kernels").get("level").asText()).isEqualTo("OK");
        assertThat(visit.finding("threads").get("facts").get("threads").asInt())
                .isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(visit.finding("model's memory")
                        .get("facts")
                        .get("weightBytes")
                        .asLong())
                .isPositive();
        assertThat(visit.text()).contains("C kernels", "huge pages").doesNotContain("CANN");
    }

    @Test
    void aModelThatIsNoneIsAnObstacleHereToo() throws IOException {
        Patient.Visit visit = visit("--backend", "cpu", "--model", directory.toString());
        assertThat(visit.status()).isEqualTo(1);
        assertThat(visit.finding("checkpoint").get("facts").get("code").asText())
                .isEqualTo("MODEL_NOT_FOUND");
        assertThat(visit.verdict()).contains("holds no config.json");
    }

    @Test
    void aCheckpointIsReadAlsoWhereNoNpuIs() throws IOException {
        Patient patient = new Patient(directory, directory.resolve("no-cann"));
        Patient.Visit visit = patient.visit("--model", GOLDEN);
        assertThat(visit.status()).isEqualTo(1);
        List<String> titles = visit.report().get("sections").findValuesAsText("title");
        assertThat(titles).containsExactly("Machine", "Environment", "Model");
        assertThat(visit.finding("checkpoint").get("level").asText()).isEqualTo("OK");
    }
}
