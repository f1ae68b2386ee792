package io.pangu.runtime.doctor;

import static io.pangu.runtime.doctor.Patient.assertFails;
import static io.pangu.runtime.doctor.Patient.level;
import static io.pangu.runtime.doctor.Patient.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.doctor.Patient.Visit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

/** The command on machines that are well and on machines that are not, over the stand-in. */
class DoctorTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden").toAbsolutePath();

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    @TempDir
    private Path directory;

    private Patient patient(Layout layout) {
        return new Patient(directory, standIn.cann().home(layout).directory());
    }

    private Patient patient() {
        return patient(Layout.SPLIT);
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void aMachineThatIsWellCanRun(Layout layout) throws IOException {
        Visit visit = patient(layout)
                .visit(
                        "--devices",
                        "0,1",
                        "--model",
                        GOLDEN.resolve("moge-mesh").toString());
        assertThat(visit.status()).as(visit.text()).isZero();
        assertThat(visit.verdict()).startsWith("can run on NPUs");
        assertThat(visit.findings("FAIL")).isEmpty();
        List<JsonNode> probes = visit.findings().stream()
                .filter(finding -> finding.get("facts").has("outcome"))
                .toList();
        assertThat(probes).hasSizeGreaterThan(80);
        assertThat(probes)
                .allSatisfy(probe ->
                        assertThat(probe.get("facts").get("outcome").asText()).isIn("right", "absent"));
        // what the engine takes is there, and right
        assertThat(probes)
                .filteredOn(probe -> !probe.get("facts").get("use").asText().equals("SPARE"))
                .hasSizeGreaterThan(25)
                .allSatisfy(probe ->
                        assertThat(probe.get("facts").get("outcome").asText()).isEqualTo("right"));
        String chosen = layout == Layout.SPLIT ? "aclnnGroupedMatmulV5" : "aclnnGroupedMatmulV4";
        assertThat(visit.finding("experts' products")
                        .get("facts")
                        .get("operator")
                        .asText())
                .isEqualTo(chosen);
        assertThat(visit.finding("collectives").get("found").asText()).startsWith("2 ranks met");
        assertThat(visit.finding("host to device")
                        .get("facts")
                        .get("gigabytesPerSecond")
                        .asDouble())
                .isPositive();
        assertThat(visit.finding("launch, repeated")
                        .get("facts")
                        .get("microseconds")
                        .asDouble())
                .isPositive();
        assertThat(visit.finding("graphs").get("facts").get("isAvailable").asBoolean())
                .isTrue();
    }

    @Test
    void theReportForPeopleIsNarrowPlainAndEndsWithTheVerdict() throws IOException {
        Visit visit = patient().visit("--devices", "0", "--verbose");
        assertThat(visit.text().lines())
                .allSatisfy(
                        line -> assertThat(line).hasSizeLessThanOrEqualTo(100).doesNotContain("\u001b"));
        assertThat(visit.text()).contains("\nMachine\n", "\nEnvironment\n", "\nOperators\n", "aclnnMm");
        assertThat(visit.text().lines().filter(line -> line.startsWith("OK    pangu can run on NPUs")))
                .hasSize(1);
        Visit brief = new Patient(
                        Files.createDirectory(directory.resolve("again")),
                        standIn.cann().home(Layout.SPLIT).directory())
                .visit("--devices", "0", "--skip-probes");
        assertThat(brief.text()).doesNotContain("\nOperators\n", "\nSpeed\n");
        assertThat(brief.status()).isZero();
        assertThat(brief.report().get("schemaVersion").asInt()).isEqualTo(1);
        assertThat(brief.report().get("counts").get("ok").asInt())
                .isEqualTo(brief.findings("OK").size());
    }

    @Test
    void withoutDeviceFilesNothingIsLoaded() throws IOException {
        Patient patient = patient();
        patient.loseDriver();
        standIn.cann().keepLog(100);
        Visit visit = patient.visit();
        assertFails(visit, "driver", "davinci_manager does not exist", "map it");
        assertThat(visit.verdict())
                .startsWith("cannot run on NPUs, because of driver")
                .contains("To mend it");
        assertThat(standIn.cann().log()).isEmpty();
    }

    @Test
    void withoutTheSignalsVariableNothingIsLoaded() throws IOException {
        Patient patient = patient();
        patient.environment.remove("ASCEND_COREDUMP_SIGNAL");
        standIn.cann().keepLog(100);
        assertFails(patient.visit(), "signals", "crash", "export ASCEND_COREDUMP_SIGNAL=none");
        assertThat(standIn.cann().log()).isEmpty();
    }

    @Test
    void withoutLibrariesItSaysWhereItLooked() throws IOException {
        Patient patient = patient();
        patient.environment.put("ASCEND_HOME_PATH", directory.resolve("nowhere").toString());
        assertFails(patient.visit(), "installation", "nowhere", "set_env.sh");
        assertFails(
                patient.visit("--home", directory.resolve("elsewhere").toString()),
                "installation",
                "elsewhere",
                "set_env.sh");
    }

    /** A home with the libraries of the stand-in whose names begin so. */
    private Path homeWith(String... names) throws IOException {
        Path home = directory.resolve("home");
        Path libraries = Files.createDirectories(home.resolve("lib64"));
        try (Stream<Path> files = Files.list(standIn.cann().home(Layout.WHOLE).libraries())) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (Stream.of(names).anyMatch(name::startsWith)) {
                    Files.createSymbolicLink(libraries.resolve(name), file);
                }
            }
        }
        return home;
    }

    @Test
    void missingOperatorsAreNamed() throws IOException {
        Path home = homeWith("libcann_standin", "libascendcl", "libnnopbase", "libhccl");
        Patient patient = new Patient(directory, home);
        Visit visit = patient.visit();
        assertFails(
                visit,
                "attention",
                "FusedInferAttentionScoreV4 or aclnnFusedInferAttentionScoreV3 or",
                "operators' package");
        assertThat(level(visit.finding("int8 products"))).isEqualTo("WARN");
        String int8 = GOLDEN.resolve("moge-w8a8-static").toString();
        assertFails(patient.visit("--model", int8), "int8 products", "lacks", "operators' package");
    }

    @Test
    void aMissingRuntimeFunctionIsNamed() throws IOException {
        Visit visit = new Patient(directory, homeWith("libcann_standin", "libascendcl", "libopapi", "libhccl")).visit();
        assertFails(visit, "functions", "aclCreateTensor", "8.1.RC1");
    }

    @Test
    void severalNpusWantHccl() throws IOException {
        Path home = homeWith("libcann_standin", "libascendcl", "libnnopbase", "libopapi");
        Patient patient = new Patient(directory, home);
        assertFails(patient.visit("--devices", "0,1"), "HCCL", "several NPUs need them", "or use one NPU");
        Visit one = patient.visit("--devices", "0", "--skip-probes");
        assertThat(one.status()).isZero();
        assertThat(level(one.finding("HCCL"))).isEqualTo("WARN");
    }

    @Test
    void aRuntimeThatSeesNoDeviceSaysSo() throws IOException {
        standIn.cann().set("devices", 0);
        Visit visit = patient().visit();
        assertThat(visit.status()).isEqualTo(1);
        assertThat(visit.findings("FAIL"))
                .isNotEmpty()
                .allSatisfy(f -> assertThat(words(f)).contains("npu-smi"));
    }

    @Test
    void anNpuOfAnUnknownKindIsRefused() throws IOException {
        standIn.cann().setText("soc", "Ascend310");
        assertFails(patient().visit(), "SoC", "'Ascend310'", "Ascend910B");
    }

    @Test
    void anInferenceCardIsProbedInFp16() throws IOException {
        standIn.cann().setText("soc", "Ascend310P3");
        Visit visit = patient().visit("--devices", "0");
        assertThat(visit.status()).as(visit.text()).isZero();
        assertThat(visit.finding("aclnnMm").get("facts").get("outcome").asText())
                .isEqualTo("right");
        assertThat(visit.text()).contains("computes in float16");
    }

    @ParameterizedTest
    @CsvSource({
        "aclnnMm,TASK_WRONG,FAIL,should be",
        "aclnnMm,TASK_FAIL,FAIL,507015",
        "aclnnGroupedMatmulV5GetWorkspaceSize,FAIL,FAIL,561000",
        "aclnnQuantMatmulV5,TASK_WRONG,WARN,int8 weights cannot run",
        "aclnnSort,TASK_WRONG,WARN,does not take this operator"
    })
    void anOperatorInTroubleCountsAsTheEngineNeedsIt(String function, Fault fault, String level, String expected)
            throws IOException {
        standIn.cann().fault(function, 1, fault, 0, 0);
        Visit visit = patient().visit("--devices", "0");
        JsonNode finding = visit.finding(function.replace("GetWorkspaceSize", ""));
        assertThat(level(finding)).isEqualTo(level);
        assertThat(words(finding)).contains(expected);
        assertThat(visit.status()).isEqualTo(level.equals("FAIL") ? 1 : 0);
    }

    @Test
    void aFailureThatLosesTheDeviceLeavesTheRestOut() throws IOException {
        standIn.cann().fault("aclnnRmsNorm", 1, Fault.TASK_FAIL, 0, 0);
        Visit visit = patient().visit("--devices", "0,1");
        assertFails(visit, "aclnnRmsNorm", "507015", "the engine takes this operator");
        assertThat(visit.finding("aclnnMm").get("facts").get("outcome").asText())
                .isEqualTo("right");
        assertThat(visit.finding("aclnnAddRmsNorm").get("facts").get("outcome").asText())
                .isEqualTo("left out");
        assertThat(words(visit.finding("collectives"))).contains("not tried");
        assertThat(words(visit.finding("speed"))).contains("not measured");
    }

    @Test
    void anOperatorThatNeverEndsIsToldWithinTheLimit() throws IOException {
        standIn.cann().fault("aclnnMm", 1, Fault.TASK_HANG, 0, 0);
        Visit visit = patient().visit("--devices", "0", "--time-limit", "2");
        assertFails(visit, "aclnnMm", "aclrtSynchronizeStreamWithTimeout", "the engine takes this operator");
    }

    @Test
    void aCallThatNeverComesBackIsGivenUpWithItsDevice() throws IOException {
        standIn.cann().fault("aclnnMmGetWorkspaceSize", 1, Fault.HANG, 0, 0);
        Visit visit = patient().visit("--devices", "0,1", "--time-limit", "1");
        assertFails(visit, "aclnnMm", "did not come back within 1.0 s", "the engine takes this operator");
        assertThat(words(visit.finding("aclnnMatmul"))).contains("the NPU is lost");
        // the thread that was given up gives everything back when the call returns
        standIn.cann().releaseHung();
        await().until(() -> standIn.cann().leaks().isEmpty());
    }

    @Test
    void anNpuThatCannotBeOpenedIsNamed() throws IOException {
        standIn.cann().fault("aclrtSetDevice", 2, Fault.FAIL, 507899, 0);
        assertFails(patient().visit("--devices", "0,1"), "NPU 1", "aclrtSetDevice failed", "npu-smi");
    }

    @Test
    void aRankThatDoesNotComeIsNamedAndEndsTheOthersWait() throws IOException {
        standIn.cann().set("connect_timeout_ms", 100);
        standIn.cann().fault("HcclCommInitRootInfo", 1, Fault.FAIL, 0, 0);
        Visit visit = patient().visit("--devices", "0,1");
        assertThat(visit.status()).isEqualTo(1);
        assertThat(visit.findings("FAIL")).hasSize(2).allSatisfy(finding -> {
            assertThat(finding.get("subject").asText()).matches("rank [01] on NPU [01]");
            assertThat(words(finding)).contains("HcclCommInitRootInfo").contains("hccn_tool");
        });
    }

    @ParameterizedTest
    @CsvSource({"HcclAllReduce,1", "HcclAllReduce,5", "HcclAllGather,2"})
    void aCollectiveThatAnswersAWrongNumberIsAnObstacle(String function, int nth) throws IOException {
        standIn.cann().set("exec_timeout_ms", 300);
        standIn.cann().fault(function, nth, Fault.TASK_WRONG, 0, 0);
        Visit visit = patient().visit("--devices", "0,1", "--time-limit", "4");
        assertThat(visit.status()).isEqualTo(1);
        assertThat(visit.findings("FAIL"))
                .isNotEmpty()
                .anySatisfy(finding ->
                        assertThat(words(finding)).contains(function + " gave rank", "and should have given"));
    }

    @Test
    void aGraphThatAnswersAWrongNumberIsAnObstacle() throws IOException {
        standIn.cann().fault("aclnnNeg", 2, Fault.TASK_WRONG, 0, 0); // the first is the operator's own probe
        assertFails(patient().visit("--devices", "0"), "graphs", "should have given -1.0", "report this");
    }

    @Test
    void anInstallationWhoseCaptureFailsCostsSpeedOnly() throws IOException {
        standIn.cann().fault("aclmdlRICaptureBegin", 1, Fault.FAIL, 207000, 0);
        Visit visit = patient().visit("--devices", "0");
        assertThat(visit.status()).isZero();
        assertThat(level(visit.finding("graphs"))).isEqualTo("WARN");
        assertThat(words(visit.finding("graphs"))).contains("aclmdlRICaptureBegin", "nothing but speed is lost");
    }

    @Test
    void aDriverWithoutTaskGroupsCostsSpeedOnly() throws IOException {
        standIn.cann().set("task_groups", 0);
        Visit visit = patient().visit("--devices", "0");
        assertThat(visit.status()).isZero();
        assertThat(level(visit.finding("task groups"))).isEqualTo("WARN");
        assertThat(words(visit.finding("task groups"))).contains("nothing but speed is lost");
    }

    @Test
    void collectivesThatGraphsCannotHoldCostSpeedOnly() throws IOException {
        Patient patient = patient();
        assertThat(level(patient.visit("--devices", "0,1").finding("graphs over HCCL")))
                .isEqualTo("OK");
        patient.environment.remove("HCCL_OP_EXPANSION_MODE");
        Visit visit = patient.visit("--devices", "0,1");
        assertThat(visit.status()).isZero();
        assertThat(level(visit.finding("graphs over HCCL"))).isEqualTo("WARN");
        assertThat(words(visit.finding("graphs over HCCL"))).contains("export HCCL_OP_EXPANSION_MODE=AIV");
    }

    @Test
    void pinnedMemoryThatIsRefusedIsAnObstacle() throws IOException {
        standIn.cann().fault("aclrtMallocHost", 1, Fault.FAIL, 207001, 0);
        assertFails(patient().visit("--devices", "0"), "copies", "aclrtMallocHost", "ulimit -l");
    }

    @Test
    void devicesThatAreNotThereAreNamed() throws IOException {
        assertFails(patient().visit("--devices", "0,9"), "chosen devices", "[9]", "--devices");
    }

    @Test
    void variablesHideAndRenumberDevices() throws IOException {
        Patient patient = patient();
        patient.environment.put("ASCEND_RT_VISIBLE_DEVICES", "4,5");
        standIn.cann().setText("visible_devices", "4,5");
        Visit visit = patient.visit("--skip-probes");
        assertThat(visit.status()).as(visit.text()).isZero();
        assertThat(visit.finding("NPU 1").get("found").asText()).contains("/dev/davinci5");
        assertThat(visit.findings().stream().map(f -> f.get("subject").asText()))
                .doesNotContain("NPU 2");
    }

    @ParameterizedTest
    @CsvSource({
        "--devices,zero,zero",
        "--devices,'1,1',each id once",
        "--backend,gpu,known are cann and cpu",
        "--time-limit,0,from 0.01",
        "--no-such-option,1,Unknown option"
    })
    void aWrongOptionIsToldWithStatusTwo(String option, String value, String expected) {
        ByteArrayOutputStream error = new ByteArrayOutputStream();
        PrintStream errors = new PrintStream(error, true, StandardCharsets.UTF_8);
        assertThat(Doctor.run(new Doctor(Map.of(), errors, errors, false), option, value))
                .isEqualTo(2);
        assertThat(error.toString(StandardCharsets.UTF_8)).contains(expected).contains("Usage: pangu-doctor");
    }

    @Test
    void aReportThatCannotBeWrittenIsAFailure() throws IOException {
        Patient patient = patient();
        Files.createDirectory(directory.resolve("report.json"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        Doctor doctor = new Doctor(patient.environment, stream, stream, false);
        int status = Doctor.run(
                doctor,
                "--device-files",
                directory.resolve("dev").toString(),
                "--skip-probes",
                "--json",
                directory.resolve("report.json").toString());
        assertThat(status).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("cannot be written to");
    }

    /** {@code docs/ascend.md} shows real output: what is the same on every machine is held to the command. */
    @Test
    void thePageShowsWhatTheCommandPrintsAndNamesEveryOption() throws IOException {
        String page = Files.readString(Path.of("../docs/ascend.md"));
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        Patient patient = patient(Layout.WHOLE);
        Visit well = patient.visit("--devices", "0,1");
        for (String title : List.of("Libraries and operators", "Devices", "Graphs")) {
            List<String> lines =
                    well.text().substring(well.text().indexOf(title)).lines().toList();
            assertThat(page).as(title).contains(lines.get(0) + "\n" + lines.get(1));
        }
        assertThat(page)
                .contains(well.text()
                        .lines()
                        .filter(line -> line.contains("matrix products") || line.contains("task groups"))
                        .toList());
        patient.environment.remove("ASCEND_COREDUMP_SIGNAL");
        String text = patient.visit().text();
        assertThat(page).contains(text.substring(text.indexOf("FAIL  pangu"), text.indexOf("      report: ")));
        assertThat(new CommandLine(new Doctor(Map.of(), nowhere, nowhere, false))
                        .getCommandSpec().options().stream()
                                .filter(option -> !option.hidden() && !option.usageHelp() && !option.versionHelp())
                                .map(option -> "`" + option.longestName()))
                .hasSize(8)
                .allSatisfy(option -> assertThat(page).contains(option));
    }
}
