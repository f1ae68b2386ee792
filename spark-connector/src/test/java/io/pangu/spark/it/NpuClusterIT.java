package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pangu.spark.resource.FakeMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * A standalone cluster on a machine with eight NPUs of the stand-in: two workers that see four each, Spark finds them by the
 * script, each executor's engine spans its four through CANN's interface.
 */
@Tag("slow")
final class NpuClusterIT {
    private static final int NUM_ROWS = 200;
    private static final int NUM_FILES = 16;
    /** A machine with much else to do computes eight NPUs slowly. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** The kind of fault by which the stand-in loses a device. */
    private static final int LOSE = 7;

    private static final Pattern LOADED = Pattern.compile("model: PanguProMoEForCausalLM .* npu:3 .*, loaded in ");
    private static final Pattern EXECUTOR_ID = Pattern.compile("--executor-id (\\d+)");

    @TempDir
    private static Path directory;

    private static StandaloneProcesses spark;
    private static LocalCluster cluster;
    private static Map<Long, Row> undisturbed;

    @BeforeAll
    static void startCluster() throws Exception {
        FakeMachine machine = new FakeMachine(directory).withNpus(8);
        spark = StandaloneProcesses.start(directory);
        Map<String, String> offer = Map.of(
                "spark.worker.resource.npu.amount",
                "4",
                "spark.worker.resource.npu.discoveryScript",
                FakeMachine.script().toString());
        Map<String, String> second = StandInCann.environment(machine, "4,5,6,7");
        second.put("PANGU_STANDIN_FAULTS_FILE", faults().toString());
        spark.startWorker("first", offer, StandInCann.environment(machine, "0,1,2,3"));
        spark.startWorker("second", offer, second);
        spark.awaitWorkers();

        Map<String, String> settings = new HashMap<>();
        settings.put("spark.master", spark.url());
        settings.put("spark.cores.max", "2");
        settings.put("spark.plugins", "io.pangu.spark.PanguPlugin");
        settings.put("spark.jars", SparkHome.userJar().toString());
        settings.put("spark.executor.resource.npu.amount", "4");
        settings.put(
                "spark.executor.extraJavaOptions",
                SparkHome.compilerFlag() + " -Dpangu.cann.device-files="
                        + machine.environment().deviceRoot());
        settings.put("spark.pangu.backend", "cann");
        settings.put("spark.pangu.model", checkpoint().toString());
        settings.put("spark.pangu.max-context-length", "256");
        settings.put("spark.pangu.kv-cache-bytes", "16m");
        settings.put("spark.pangu.partitions", "keep");
        settings.put("spark.sql.files.minPartitionNum", String.valueOf(NUM_FILES));
        cluster = LocalCluster.start(settings);
        writePrompts();
        undisturbed = byId(answers().collectAsList());
    }

    @AfterAll
    static void stopCluster() {
        try {
            if (cluster != null) {
                cluster.close();
            }
        } finally {
            if (spark != null) {
                spark.close();
            }
        }
    }

    private static Path faults() {
        return directory.resolve("faults-of-second");
    }

    /** A model that four devices can share, with another's tokenizer: one with fewer tokens, as where a vocabulary is padded. */
    private static Path checkpoint() throws IOException {
        Path checkpoint = Files.createDirectories(directory.resolve("model"));
        Path mesh = GoldenModel.DIRECTORY.resolveSibling("moge-mesh");
        for (String file : List.of("config.json", "generation_config.json", "model.safetensors")) {
            Files.copy(mesh.resolve(file), checkpoint.resolve(file));
        }
        for (String file : List.of("tokenizer.model", "tokenizer_config.json", "special_tokens_map.json")) {
            Files.copy(GoldenModel.DIRECTORY.resolve(file), checkpoint.resolve(file));
        }
        return checkpoint;
    }

    /** Rows with NULL prompts and with prompts that others have, too, in as many files as the query shall have tasks. */
    private static void writePrompts() {
        Path table = directory.resolve("prompts");
        cluster.session()
                .sql("SELECT id, IF(id % 17 = 3, NULL, concat('No. ', id % 150, '?')) AS prompt FROM range(0, "
                        + NUM_ROWS + ", 1, " + NUM_FILES + ")")
                .write()
                .parquet(table.toString());
        cluster.session().read().parquet(table.toString()).createOrReplaceTempView("prompts");
    }

    private static Dataset<Row> answers() {
        return cluster.session()
                .sql("SELECT id, generate(prompt, max_tokens => 6, raw => true) AS answer, embed(prompt) AS vector,"
                        + " classify(prompt, array('good', 'bad'), raw => true) AS label FROM prompts");
    }

    private static Map<Long, Row> byId(List<Row> rows) {
        Map<Long, Row> byId = new TreeMap<>();
        for (Row row : rows) {
            assertThat(byId.put(row.getLong(0), row)).as("another row %s", row).isNull();
        }
        assertThat(byId).hasSize(NUM_ROWS).containsKeys(0L, NUM_ROWS - 1L);
        return byId;
    }

    private static ProcessHandle executor(String worker) {
        List<ProcessHandle> executors = spark.executors(worker);
        assertThat(executors).as("executors of worker %s", worker).hasSize(1);
        return executors.get(0);
    }

    private static String id(ProcessHandle executor) {
        Matcher id = EXECUTOR_ID.matcher(executor.info().commandLine().orElseThrow());
        assertThat(id.find()).isTrue();
        return id.group(1);
    }

    @Test
    void answersAreNearThoseOfTheCpu() {
        Map<Long, Row> onCpu = cluster.withSetting(
                "spark.pangu.backend", "cpu", () -> byId(answers().collectAsList()));

        List<Long> ids = undisturbed.keySet().stream()
                .filter(id -> !undisturbed.get(id).isNullAt(1))
                .toList();
        assertThat(ids).hasSize(NUM_ROWS - 12);
        assertThat(ids.stream().map(id -> undisturbed.get(id).getList(2)).distinct())
                .as("each question has its own vector")
                .hasSizeGreaterThan(100);
        assertThat(ids)
                .allSatisfy(id -> assertThat(cosine(undisturbed.get(id), onCpu.get(id)))
                        .as("of the vectors of row %s", id)
                        .isGreaterThan(0.999));
        // NPUs compute in bf16: where two tokens or labels are as good as equal, either may be taken.
        assertThat(ids).filteredOn(id -> same(id, onCpu, 1)).hasSizeGreaterThan(ids.size() * 4 / 5);
        assertThat(ids).filteredOn(id -> same(id, onCpu, 3)).hasSizeGreaterThan(ids.size() * 9 / 10);
        assertThat(onCpu.values())
                .filteredOn(row -> row.isNullAt(1))
                .hasSize(NUM_ROWS - ids.size())
                .allSatisfy(row -> assertThat(undisturbed.get(row.getLong(0))).isEqualTo(row));
    }

    private static boolean same(long id, Map<Long, Row> others, int column) {
        return undisturbed.get(id).getString(column).equals(others.get(id).getString(column));
    }

    /** Of the vectors of two rows, which have length 1. */
    private static double cosine(Row one, Row other) {
        List<Float> first = one.getList(2);
        List<Float> second = other.getList(2);
        assertThat(first).hasSameSizeAs(second);
        return IntStream.range(0, first.size())
                .mapToDouble(i -> first.get(i) * (double) second.get(i))
                .sum();
    }

    @Test
    void everyRowIsRightThoughAnExecutorIsKilledAndAnotherLosesADevice(TestReporter reporter) throws IOException {
        Path output = directory.resolve("answers");
        ProcessHandle killed = executor("first");
        ProcessHandle bereft = executor("second");
        String killedId = id(killed);
        String bereftId = id(bereft);
        cluster.events().clear();

        CompletableFuture<Void> job =
                CompletableFuture.runAsync(() -> answers().write().parquet(output.toString()));
        await().pollInterval(20, TimeUnit.MILLISECONDS)
                .atMost(LIMIT)
                .until(() -> job.isDone() || areInTheMiddle(killedId, bereftId));
        assertThat(job).as("kill and loss come in the middle").isNotDone();
        killed.destroyForcibly();
        loseADeviceOfTheSecond();
        job.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();

        Map<Long, Row> rows = byId(cluster.session()
                .read()
                .parquet(output.toString())
                .select("id", "answer", "vector", "label")
                .collectAsList());
        assertThat(rows).isEqualTo(undisturbed);
        assertThat(cluster.events().removedExecutors()).containsExactly(killedId);
        reporter.publishEntry(
                "tasks that were run again", String.valueOf(cluster.events().numFailed()));
        assertThatTheLossCostOneAttempt(bereftId);
        assertThat(executor("second").pid()).as("the same process").isEqualTo(bereft.pid());
        assertThatAnotherTookThePlaceOf(killedId);
    }

    private static boolean areInTheMiddle(String one, String other) {
        ExecutorEvents events = cluster.events();
        return events.numSucceeded() >= 2 && events.numRunning(one) > 0 && events.numRunning(other) > 0;
    }

    /** Lets the device that is third in the second worker's order be lost in the middle of the next step. */
    private static void loseADeviceOfTheSecond() throws IOException {
        Path early = Files.writeString(
                directory.resolve("early"), "aclnnFusedInferAttentionScore*:1:2:" + LOSE + ":507018:0\n");
        Files.move(early, faults(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void assertThatTheLossCostOneAttempt(String executor) {
        assertThat(faults()).as("read and removed by the executor's CANN").doesNotExist();
        assertThat(cluster.events().failures(executor))
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains(
                        "lost its engine while waiting for row",
                        "device npu:2 failed",
                        "507018",
                        "its devices by rank: [NPU 4 (address 0), NPU 5 (address 1), NPU 6 (address 2), NPU 7 (address 3)]");
        String log = cluster.executorLog(executor);
        assertThat(LOADED.matcher(log).results()).as(log).hasSize(2);
        assertThat(log)
                .contains("device 2 has failed: lost as planned")
                .contains("another is opened on the same devices");
    }

    /** Spark starts an executor for each that ended: here on the devices that the kernel unlocked. */
    private static void assertThatAnotherTookThePlaceOf(String executor) {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(spark.executors("first"))
                        .singleElement()
                        .satisfies(successor -> assertThat(cluster.executorLog(id(successor)))
                                .contains("by rank: [NPU 0, NPU 1, NPU 2, NPU 3]")
                                .containsPattern(LOADED)));
        assertThat(id(executor("first"))).isNotEqualTo(executor);
    }
}
