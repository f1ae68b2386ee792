package io.pangu.examples;

import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;
import org.apache.spark.sql.execution.metric.SQLMetric;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The tokens that the operators of a finished query counted, read from their SQL metrics.
 *
 * @param prompt tokens of prompts
 * @param completion tokens generated or scored
 */
record PlanTokens(long prompt, long completion) {
    long total() {
        return prompt + completion;
    }

    static PlanTokens of(SparkPlan plan) {
        if (plan instanceof AdaptiveSparkPlanExec adaptive) {
            return of(adaptive.executedPlan());
        }
        if (plan instanceof QueryStageExec stage) {
            return of(stage.plan());
        }
        long prompt = metric(plan, "promptTokens");
        long completion = metric(plan, "completionTokens");
        for (SparkPlan child : CollectionConverters.asJava(plan.children())) {
            PlanTokens below = of(child);
            prompt += below.prompt;
            completion += below.completion;
        }
        return new PlanTokens(prompt, completion);
    }

    private static long metric(SparkPlan plan, String name) {
        SQLMetric metric = CollectionConverters.asJava(plan.metrics()).get(name);
        return metric == null ? 0 : metric.value();
    }
}
