package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pangu.spark.exec.FakeEngineClient;
import io.pangu.spark.plan.FakeSession.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every shape of {@code sql/shapes.sql}: the right rows from the fewest calls. */
class SqlShapesTest {
    private static final Pattern HEADING = Pattern.compile("-- (.*): (\\d+)\\n((?s:.*?));\\n");

    /** One for each file. */
    private static final Map<String, String> MANY_PARTITIONS = Map.of("spark.sql.files.maxPartitionBytes", "1000");

    private static final Map<String, String> PLAIN = Map.of(
            "spark.sql.adaptive.enabled", "false",
            "spark.sql.files.minPartitionNum", "1",
            "spark.sql.shuffle.partitions", "1",
            "spark.sql.codegen.wholeStage", "false",
            "spark.sql.codegen.factoryMode", "NO_CODEGEN");

    private static final Map<String, Answer> EXPECTED = new ConcurrentHashMap<>();

    /** A query and what it may cost. */
    record Shape(String name, int calls, String sql) {
        boolean hasOrder() {
            return name.contains(", ordered");
        }

        /** The first version of Spark that can do this. */
        String since() {
            Matcher matcher = Pattern.compile("since (\\d\\.\\d)").matcher(name);
            return matcher.find() ? matcher.group(1) : "4.0";
        }

        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void registersTheFunctionThatNeedsNoModel() {
        UDF1<String, String> oracle = text -> text == null ? null : FakeEngineClient.completion(text);
        FakeSession.spark().udf().register("oracle", oracle, DataTypes.StringType);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void givesTheRightRowsFromTheFewestCalls(Shape shape) {
        checks(shape, MANY_PARTITIONS);
    }

    @Tag("slow")
    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void doesSoWithoutAdaptiveExecutionAndGeneratedCodeFromOnePartition(Shape shape) {
        checks(shape, PLAIN);
    }

    private static void checks(Shape shape, Map<String, String> settings) {
        assumeThat(FakeSession.spark().version()).as("Spark has this syntax").isGreaterThanOrEqualTo(shape.since());
        FakeSession.with(settings, () -> {
            checks(shape);
            return shape;
        });
    }

    private static void checks(Shape shape) {
        Answer expected = EXPECTED.computeIfAbsent(
                shape.name(), name -> FakeSession.run(shape.sql().replace("generate(", "oracle(")));
        Answer answer = FakeSession.run(shape.sql());

        if (shape.hasOrder()) {
            assertThat(answer.rows()).isEqualTo(expected.rows());
        } else {
            assertThat(answer.rows()).containsExactlyInAnyOrderElementsOf(expected.rows());
        }
        assertThat(answer.rows()).isNotEmpty();
        assertThat(answer.calls()).as("calls of the model").isEqualTo(shape.calls());
    }

    static Stream<Shape> shapes() {
        try (InputStream file = SqlShapesTest.class.getResourceAsStream("/sql/shapes.sql")) {
            String text = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
            Matcher matcher = HEADING.matcher(text);
            List<Shape> shapes = new ArrayList<>();
            while (matcher.find()) {
                shapes.add(new Shape(matcher.group(1), Integer.parseInt(matcher.group(2)), matcher.group(3)));
            }
            return shapes.stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
