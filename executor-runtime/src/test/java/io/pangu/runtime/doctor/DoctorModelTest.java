package io.pangu.runtime.doctor;

import static io.pangu.runtime.doctor.Patient.assertFails;
import static io.pangu.runtime.doctor.Patient.level;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.doctor.Patient.Visit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command says of a checkpoint that is to run, over the stand-in. */
class DoctorModelTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden").toAbsolutePath();

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    @TempDir
    private Path directory;

    private Patient patient() {
        return new Patient(directory, standIn.cann().home(Layout.SPLIT).directory());
    }

    @Test
    void aCheckpointThatDoesNotFitIsToldInFigures() throws IOException {
        standIn.cann().set("hbm_mib", 1);
        Visit visit = patient()
                .visit(
                        "--devices",
                        "0",
                        "--skip-probes",
                        "--model",
                        GOLDEN.resolve("moge-mesh").toString());
        assertFails(visit, "model's memory", "the weights do not fit", "use more devices (2, 4, 8), int8 weights");
        JsonNode facts = visit.findings().stream()
                .map(finding -> finding.get("facts"))
                .filter(f -> f.has("weightBytes"))
                .findFirst()
                .orElseThrow();
        assertThat(facts.get("weightBytes").asLong())
                .isGreaterThan(facts.get("freeBytes").asLong());
    }

    @Test
    void aCheckpointThatIsNoneOrCannotBeSpreadIsTold() throws IOException {
        Patient patient = patient();
        assertFails(
                patient.visit(
                        "--devices",
                        "0",
                        "--skip-probes",
                        "--model",
                        directory.resolve("none").toString()),
                "checkpoint",
                "does not exist",
                "name a checkpoint directory");
        Visit visit = patient.visit(
                "--devices",
                "0,1,2",
                "--skip-probes",
                "--model",
                GOLDEN.resolve("moge-mesh").toString());
        assertThat(visit.status()).isEqualTo(1);
        assertThat(visit.verdict()).contains("cannot be spread over 3 devices");
        assertThat(level(visit.finding("number of devices"))).isEqualTo("WARN");
    }

    @ParameterizedTest
    @ValueSource(strings = {"moge-w8a8-static", "moge-w8a8-dynamic"})
    void aQuantisedCheckpointIsTold(String name) throws IOException {
        Visit visit = patient()
                .visit(
                        "--devices",
                        "0",
                        "--skip-probes",
                        "--model",
                        GOLDEN.resolve(name).toString());
        assertThat(level(visit.finding("int8 weights"))).isEqualTo("OK");
        assertThat(visit.finding("int8 weights").get("found").asText()).contains("W8A8", "quant_model_description");
        assertThat(visit.status()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "aclnnAscendQuant,TASK_WRONG,should be",
        "aclnnQuantMatmulV5,TASK_WRONG,should be",
        "aclnnScatterNdUpdate,TASK_WRONG,should be",
        "aclnnQuantMatmulV5GetWorkspaceSize,FAIL,561000"
    })
    void anInt8OperatorInTroubleIsAnObstacleToAQuantisedCheckpoint(String function, Fault fault, String expected)
            throws IOException {
        Patient patient = patient();
        String operator = function.replace("GetWorkspaceSize", "");
        standIn.cann().fault(function, 1, fault, 0, 0);
        Visit floats = patient.visit(
                "--devices", "0", "--model", GOLDEN.resolve("moge-mesh").toString());
        assertThat(level(floats.finding(operator))).isEqualTo("WARN");
        assertThat(floats.status()).isZero();
        standIn.cann().fault(function, 1, fault, 0, 0);
        assertFails(
                patient.visit(
                        "--devices",
                        "0",
                        "--model",
                        GOLDEN.resolve("moge-w8a8-static").toString()),
                operator,
                expected,
                "the engine takes this operator here");
    }

    @Test
    void aCheckpointWhoseExpertsHaveOffsetsRunsOnCpusOnly() throws IOException {
        Path copy = copyOf("moge-w8a8-static");
        Path weights = copy.resolve("quant_model_weight_w8a8.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        int header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
        String tensor = "model.layers.0.mlp.experts.3.up_proj.input_offset";
        int begin = new ObjectMapper()
                .readTree(bytes, Long.BYTES, header)
                .get(tensor)
                .get("data_offsets")
                .get(0)
                .asInt();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(Long.BYTES + header + begin, 4);
        Files.write(weights, bytes);
        Patient patient = patient();
        assertFails(
                patient.visit("--devices", "0", "--skip-probes", "--model", copy.toString()),
                "int8 weights",
                tensor,
                "experts are symmetric, or spark.pangu.backend=cpu");
        assertThat(patient.visit("--backend", "cpu", "--model", copy.toString()).status())
                .isZero();
    }

    @Test
    void aCheckpointWhoseHeadsNpusDoNotTakeRunsOnCpusOnly() throws IOException {
        Path copy = copyOf("moge-mesh");
        Path config = copy.resolve("config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.replaceFirst("\\{", "{\"head_dim\": 24,"));
        Patient patient = patient();
        assertFails(
                patient.visit("--devices", "0", "--skip-probes", "--model", copy.toString()),
                "heads",
                "24 elements, which NPUs need to be a multiple of 16",
                "spark.pangu.backend=cpu");
        assertThat(patient.visit("--backend", "cpu", "--model", copy.toString()).status())
                .isZero();
    }

    private Path copyOf(String golden) throws IOException {
        Path copy = Files.createDirectory(directory.resolve(golden));
        try (Stream<Path> files = Files.list(GOLDEN.resolve(golden))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName().toString()));
            }
        }
        return copy;
    }
}
