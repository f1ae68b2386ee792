package io.pangu.spark.exec;

import io.pangu.spark.request.EngineReply;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;

/** The operator's SQL metrics: made on the driver, added to by tasks. */
final class InferenceMetrics implements Serializable {
    private static final long serialVersionUID = 1L;

    private final SQLMetric rows;
    private final SQLMetric calls;
    private final SQLMetric promptTokens;
    private final SQLMetric cachedTokens;
    private final SQLMetric completionTokens;
    private final SQLMetric errors;
    private final SQLMetric waiting;
    private final SQLMetric tokensPerSecond;

    InferenceMetrics(SparkContext context) {
        rows = SQLMetrics.createMetric(context, "number of output rows");
        calls = SQLMetrics.createMetric(context, "calls of the model");
        promptTokens = SQLMetrics.createMetric(context, "prompt tokens");
        cachedTokens = SQLMetrics.createMetric(context, "prompt tokens found in cache");
        completionTokens = SQLMetrics.createMetric(context, "completion tokens");
        errors = SQLMetrics.createMetric(context, "failed calls");
        waiting = SQLMetrics.createNanoTimingMetric(context, "time waiting for the engine", -1);
        tokensPerSecond = SQLMetrics.createAverageMetric(context, "completion tokens per second of a task");
    }

    /** By the keys under which the plan node gives them to Spark. */
    Map<String, SQLMetric> byKey() {
        Map<String, SQLMetric> metrics = new LinkedHashMap<>();
        metrics.put("numOutputRows", rows);
        metrics.put("calls", calls);
        metrics.put("promptTokens", promptTokens);
        metrics.put("cachedTokens", cachedTokens);
        metrics.put("completionTokens", completionTokens);
        metrics.put("errors", errors);
        metrics.put("engineWait", waiting);
        metrics.put("tokensPerSecond", tokensPerSecond);
        return metrics;
    }

    void addRow() {
        rows.add(1);
    }

    void addCall() {
        calls.add(1);
    }

    void addReply(EngineReply reply) {
        if (reply instanceof EngineReply.Failed) {
            errors.add(1);
        }
        promptTokens.add(reply.usage().promptTokens());
        cachedTokens.add(reply.usage().cachedTokens());
        completionTokens.add(reply.usage().completionTokens());
    }

    void addWaiting(long nanos) {
        waiting.add(nanos);
    }

    /** Called once, at the end of a task that ran this long since its first call. */
    void endTask(long nanos) {
        long tokens = completionTokens.value();
        if (tokens > 0 && nanos > 0) {
            tokensPerSecond.set(tokens * 1e9 / nanos);
        }
    }
}
