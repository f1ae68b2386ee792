package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Applications that know SQL alone, in processes of their own. */
@Tag("slow")
final class DriverProcessIT {
    private static final String QUERY = "SELECT generate('" + PromptTable.prompt(0) + "', max_tokens => "
            + PromptTable.PROMPT_TOKENS + ") AS text FROM range(0, 3, 1, 3)";
    private static final String EXPLAIN = "EXPLAIN " + QUERY;
    private static final String DESCRIBE = "DESCRIBE FUNCTION generate";

    @TempDir
    private Path directory;

    @Test
    void submittedWithTheJarItFindsFunctionsAndEngines() throws IOException, InterruptedException {
        DriverProcess driver = new DriverProcess(JavaHome.running(), SparkHome.jars(), directory);

        Map<String, List<String>> answers = driver.submit(
                List.of(
                        "--master",
                        "local-cluster[1,1,600]",
                        "--jars",
                        SparkHome.userJar().toString(),
                        "--conf",
                        "spark.executor.memory=600m",
                        "--conf",
                        "spark.executor.extraJavaOptions=" + SparkHome.compilerFlag(),
                        "--conf",
                        "spark.plugins=io.pangu.spark.PanguPlugin",
                        "--conf",
                        "spark.pangu.model=" + GoldenModel.DIRECTORY),
                QUERY);

        assertThat(answers.get(QUERY)).hasSize(3).containsOnly(expected());
    }

    /** One jar for the drivers of all Sparks that it serves, on a Java that is too old for the engine. */
    @Nested
    class OnAnOlderJava {
        @ParameterizedTest(name = "{0}")
        @MethodSource("io.pangu.spark.it.DriverProcessIT#sparks")
        void plansQueriesAndSaysWhichJavaTheEngineNeeds(String name, List<Path> jars)
                throws IOException, InterruptedException {
            JavaHome java = olderJava();
            Map<String, String> conf = new HashMap<>();
            conf.put("spark.master", "local[2]");
            conf.put("spark.plugins", "io.pangu.spark.PanguPlugin");
            conf.put("spark.pangu.model", GoldenModel.DIRECTORY.toString());

            Map<String, List<String>> answers =
                    new DriverProcess(java, withUserJar(jars), directory).run(conf, DESCRIBE, EXPLAIN, QUERY);

            assertThat(answers.get(DESCRIBE)).anyMatch(line -> line.contains("Function: generate"));
            assertThat(answers.get(EXPLAIN)).singleElement().asString().contains("LlmInference");
            assertThat(answers.get(QUERY))
                    .singleElement()
                    .asString()
                    .startsWith(SqlDriver.ERROR)
                    .contains("generate() needs Java 25, but Spark's driver, which is the executor in local mode,"
                            + " runs on Java " + java.version() + " (" + java.directory() + ")")
                    .contains("Set JAVA_HOME to a JDK 25")
                    .doesNotContain("UnsupportedClassVersionError", "UNRESOLVED_ROUTINE");
        }

        @Test
        void getsItsAnswersFromExecutorsOnANewerOne() throws IOException, InterruptedException {
            Map<String, String> conf = new HashMap<>();
            conf.put("spark.master", "local-cluster[1,1,600]");
            conf.put("spark.executor.memory", "600m");
            conf.put("spark.executor.extraJavaOptions", SparkHome.compilerFlag());
            conf.put("spark.executor.extraClassPath", SparkHome.userJar().toString());
            conf.put(
                    "spark.executorEnv.JAVA_HOME",
                    JavaHome.running().directory().toString());
            conf.put("spark.plugins", "io.pangu.spark.PanguPlugin");
            conf.put("spark.pangu.model", GoldenModel.DIRECTORY.toString());

            Map<String, List<String>> answers =
                    new DriverProcess(olderJava(), withUserJar(SparkHome.jars()), directory).run(conf, QUERY);

            assertThat(answers.get(QUERY)).hasSize(3).containsOnly(expected());
        }
    }

    /** The Spark of this build, and those whose class paths lie in the directory of {@code pangu.other-sparks}. */
    static Stream<Arguments> sparks() throws IOException {
        List<Arguments> sparks = new ArrayList<>();
        sparks.add(Arguments.of("Spark of this build", SparkHome.jars()));
        String others = System.getProperty("pangu.other-sparks", "");
        if (!others.isEmpty()) {
            try (Stream<Path> files = Files.list(Path.of(others))) {
                for (Path file : files.sorted().toList()) {
                    sparks.add(Arguments.of(
                            "Spark " + file.getFileName(),
                            SparkHome.jars(Files.readString(file).strip())));
                }
            }
        }
        return sparks.stream();
    }

    private static JavaHome olderJava() {
        Optional<JavaHome> older = JavaHome.older();
        assumeTrue(older.isPresent(), JavaHome.NONE_OLDER);
        return older.get();
    }

    private static List<Path> withUserJar(List<Path> jars) {
        return Stream.concat(jars.stream(), Stream.of(SparkHome.userJar())).toList();
    }

    private static String expected() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("text", PromptTable.completion(0))
                .toString();
    }
}
