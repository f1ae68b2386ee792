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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every shape of {@code sql/shapes.sql}: the right rows from the fewest calls. */
class SqlShapesTest {
    private static final Pattern HEADING = Pattern.compile("-- (.*): (\\d+)\\n((?s:.*?));\\n");

    private static final Map<String, Answer> EXPECTED = new ConcurrentHashMap<>();

    /** A query and what it may cost. */
    record Shape(String name, int calls, String sql) {
        boolean hasOrder() {
            return name.contains("ordered");
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
        checks(shape);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void doesSoWithoutAdaptiveExecution(Shape shape) {
        FakeSession.with(Map.of("spark.sql.adaptive.enabled", "false"), () -> {
            checks(shape);
            return shape;
        });
    }

    private static void checks(Shape shape) {
        boolean isKnown = !shape.name().contains("since 4.2")
                || FakeSession.spark().version().compareTo("4.2") >= 0;
        assumeThat(isKnown).as("Spark has this syntax").isTrue();

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
