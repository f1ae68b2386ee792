package io.pangu.spark.plan;

import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.catalyst.optimizer.ColumnPruning$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;

/**
 * What is done once after Spark's own optimization and before it chooses joins: calls of subqueries that have become joins
 * by now are taken out, columns that nobody reads any more are dropped, and shuffles are put where the model needs them.
 */
final class InferenceOptimization extends Rule<LogicalPlan> {
    private final List<Rule<LogicalPlan>> steps;

    InferenceOptimization(SparkContext context) {
        steps = List.of(
                new ExtractLateCalls(),
                new MergeEqualCalls(),
                new PushBelowInference(),
                ColumnPruning$.MODULE$,
                new DropUnusedCalls(),
                new MaterializeInference(),
                new SpreadInference(context));
    }

    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        LogicalPlan result = plan;
        for (Rule<LogicalPlan> step : steps) {
            result = step.apply(result);
        }
        return result;
    }

    private static final class ExtractLateCalls extends Rule<LogicalPlan> {
        @Override
        public LogicalPlan apply(LogicalPlan plan) {
            return Rewrite.up(plan, NodeExtraction::extract);
        }
    }
}
