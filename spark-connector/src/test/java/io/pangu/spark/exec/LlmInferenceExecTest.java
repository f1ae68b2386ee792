package io.pangu.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.functions.Seqs;
import io.pangu.spark.plan.FakeSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.classic.Dataset;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SparkPlan;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operator as a node of Spark's plans. */
class LlmInferenceExecTest {
    private static final String QUERY = "SELECT id, generate(prompt, max_tokens => 5) AS g FROM t";

    @Test
    void isTheSameWhereTheSameIsAskedOfTheSameRows() {
        LlmInferenceExec one = operator(QUERY);
        LlmInferenceExec other = operator(QUERY);

        assertThat(one).isNotEqualTo(other);
        assertThat(one.sameResult(other)).isTrue();
        assertThat(one.canonicalized()).isEqualTo(other.canonicalized()).hasSameHashCodeAs(other.canonicalized());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT id, generate(prompt, max_tokens => 6) AS g FROM t
            SELECT id, generate(concat(prompt, '!'), max_tokens => 5) AS g FROM t
            SELECT id, generate_details(prompt, max_tokens => 5) AS g FROM t
            SELECT id, generate(prompt, max_tokens => 5) AS g FROM u
            SELECT id, embed(prompt) AS g FROM t
            """)
    void isAnotherWhereSomethingElseIsAsked(String query) {
        assertThat(operator(QUERY).sameResult(operator(query))).isFalse();
    }

    @Test
    void isAnotherUnderOtherSettings() {
        LlmInferenceExec one = operator(QUERY);

        assertThat(one.sameResult(with("spark.pangu.on-error", "null"))).isFalse();
        assertThat(one.sameResult(with("spark.pangu.model", "/models/other"))).isFalse();
        assertThat(one.sameResult(with("spark.pangu.weights", "int8"))).isFalse();
        assertThat(one.sameResult(with("spark.pangu.threads", " "))).isTrue();
    }

    @Test
    void isCopiedByItsProductAndByItsChild() {
        LlmInferenceExec operator = operator(QUERY);
        List<Object> arguments = new ArrayList<>();
        for (int index = 0; index < operator.productArity(); index++) {
            arguments.add(operator.productElement(index));
        }

        assertThat(operator.makeCopy(arguments.toArray())).isEqualTo(operator).isNotSameAs(operator);
        assertThat(operator.withNewChildren(operator.children())).isEqualTo(operator);
        assertThat(operator.output().length())
                .isEqualTo(operator.child().output().length() + 1);
        assertThat(operator.outputPartitioning()).isEqualTo(operator.child().outputPartitioning());
    }

    @Test
    void showsItsCallsInThePlanAndNoText() {
        String plan = execution(QUERY).executedPlan().toString();

        assertThat(plan)
                .contains("LlmInference [generate(prompt#")
                .contains("max_tokens => 5) AS generate_result#")
                .contains("model " + FakeEngines.MODEL + ", window 256");
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void runsOnceBelowExchangesThatSparkMayReuse(String adaptive) {
        String half = "SELECT /*+ REPARTITION(2) */ id, generate(prompt) AS g FROM t WHERE id < 10";
        FakeSession.Answer answer = FakeSession.with(
                Map.of("spark.sql.adaptive.enabled", adaptive), () -> FakeSession.run(half + " UNION ALL " + half));

        assertThat(answer.rows()).hasSize(20).contains("[9,<p9>]");
        assertThat(answer.calls()).isEqualTo(10);
    }

    @Test
    void pullsFewRowsForALimit() {
        assertThat(FakeSession.run("SELECT generate(prompt) FROM t LIMIT 3").calls())
                .isEqualTo(3);
        FakeSession.Answer answer = FakeSession.with(
                Map.of("spark.pangu.window", "2"),
                () -> FakeSession.run("SELECT generate(prompt) AS g FROM t WHERE generate(prompt) LIKE '<p%' LIMIT 1"));
        assertThat(answer.rows()).hasSize(1);
        assertThat(answer.calls())
                .as("a window ahead of the row that was wanted")
                .isBetween(1, 8);
    }

    @Test
    void answersNestedCallsInOrder() {
        FakeSession.Answer answer = FakeSession.with(Map.of("spark.pangu.window", "3"), () -> FakeSession.run("""
                        SELECT id, generate(concat('again ', generate(if(id % 5 = 0, concat('slow', id), prompt)))) AS g
                        FROM t ORDER BY id"""));

        assertThat(answer.rows()).hasSize(40).startsWith("[0,<again <slow0>>]", "[1,<again <p1>>]");
        assertThat(answer.calls()).isEqualTo(80);
    }

    @Test
    void keepsTheWindowThatIsSet() {
        FakeSession.engine().reset();
        FakeSession.with(
                Map.of("spark.pangu.window", "3"),
                () -> FakeSession.run("SELECT generate(concat('slow', id)) FROM range(0, 12, 1, 1)"));

        assertThat(FakeSession.engine().mostInFlight()).isEqualTo(3);
    }

    private static LlmInferenceExec with(String key, String value) {
        return FakeSession.with(Map.of(key, value), () -> operator(QUERY));
    }

    private static LlmInferenceExec operator(String sql) {
        return Objects.requireNonNull(find(execution(sql).sparkPlan()));
    }

    private static QueryExecution execution(String sql) {
        return ((Dataset<?>) FakeSession.spark().sql(sql)).queryExecution();
    }

    private static @Nullable LlmInferenceExec find(SparkPlan plan) {
        if (plan instanceof LlmInferenceExec operator) {
            return operator;
        }
        for (SparkPlan child : Seqs.<SparkPlan>list(plan.children())) {
            LlmInferenceExec found = find(child);
            if (found != null) {
                return found;
            }
        }
        return null;
    }
}
