package io.pangu.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pangu.spark.functions.Seqs;
import io.pangu.spark.plan.FakeSession;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.ui.SQLAppStatusStore;
import org.apache.spark.sql.execution.ui.SQLExecutionUIData;
import org.apache.spark.sql.execution.ui.SQLPlanMetric;
import org.apache.spark.sql.execution.ui.SparkPlanGraphNode;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** The operator's figures as the SQL tab and its REST interface show them. */
class InferenceMetricsTest {
    private final SparkSession spark = (SparkSession) FakeSession.spark();

    @Test
    void showRowsCallsAndTokensOfAQuery() {
        Map<String, String> shown = metrics("SELECT generate(prompt) FROM t WHERE id < 10");

        assertThat(shown)
                .containsEntry("number of output rows", "10")
                .containsEntry("calls of the model", "10")
                .containsEntry("prompt tokens", "30")
                .containsEntry("prompt tokens found in cache", "10")
                .containsEntry("completion tokens", "20")
                .containsEntry("failed calls", "0");
        assertThat(shown).containsKeys("time waiting for the engine", "completion tokens per second of a task");
    }

    @Test
    void countRowsWithoutACallAndCallsThatFail() {
        Map<String, String> shown = metrics("""
                SELECT generate_details(p), embed(p) FROM
                (SELECT CASE WHEN id % 4 = 0 THEN NULL WHEN id % 4 = 1 THEN 'poison' ELSE prompt END AS p FROM t)""");

        assertThat(shown)
                .containsEntry("number of output rows", "40")
                .containsEntry("calls of the model", "60")
                .containsEntry("failed calls", "20")
                .containsEntry("completion tokens", "80");
    }

    @Test
    void showHowLongTasksWaitedAndHowFastTheyWere() {
        Map<String, String> shown = metrics("SELECT generate('slow' || prompt) FROM t WHERE id < 4");

        assertThat(firstNumber(shown, "time waiting for the engine")).isPositive();
        assertThat(firstNumber(shown, "completion tokens per second of a task")).isPositive();
    }

    /** The total, or the least of several tasks: stages and tasks, whose numbers are shown too, come after. */
    private static double firstNumber(Map<String, String> shown, String metric) {
        String text = shown.getOrDefault(metric, "");
        Matcher number = Pattern.compile("\\d+(\\.\\d+)?").matcher(text.substring(text.lastIndexOf('\n') + 1));
        assertThat(number.find()).as("a number in '%s'", text).isTrue();
        return Double.parseDouble(number.group());
    }

    /** What the operator of a query shows, each metric by its name. */
    private Map<String, String> metrics(String sql) {
        FakeSession.with(Map.of("spark.pangu.on-error", "null"), () -> {
            spark.sql(sql).collectAsList();
            return sql;
        });
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> latest().completionTime().isDefined() && latest().metricValues() != null);
        SQLAppStatusStore store = spark.sharedState().statusStore();
        long execution = latest().executionId();
        Map<Object, String> values = CollectionConverters.asJava(store.executionMetrics(execution));
        Map<String, String> byName = new LinkedHashMap<>();
        for (SparkPlanGraphNode node :
                Seqs.<SparkPlanGraphNode>list(store.planGraph(execution).allNodes())) {
            if (node.name().equals("LlmInference")) {
                for (SQLPlanMetric metric : Seqs.<SQLPlanMetric>list(node.metrics())) {
                    byName.put(metric.name(), values.getOrDefault(metric.accumulatorId(), ""));
                }
            }
        }
        return byName;
    }

    private SQLExecutionUIData latest() {
        List<SQLExecutionUIData> all =
                Seqs.list(spark.sharedState().statusStore().executionsList());
        return all.stream()
                .max(Comparator.comparingLong(SQLExecutionUIData::executionId))
                .orElseThrow();
    }
}
