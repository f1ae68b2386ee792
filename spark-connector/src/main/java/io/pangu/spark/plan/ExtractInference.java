package io.pangu.spark.plan;

import io.pangu.spark.functions.Seqs;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.runtime.AbstractFunction1;

/**
 * Takes calls out of expressions at the end of analysis: what the optimizer never sees it cannot duplicate. Correlated
 * subqueries are left for {@link InferenceOptimization}, because Spark cannot decorrelate through a node of ours.
 */
final class ExtractInference extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        if (isCorrelated(plan)) {
            return plan;
        }
        return Rewrite.whileAnalyzing(
                plan, node -> node.childrenResolved() && isResolved(node) ? NodeExtraction.extract(node) : node);
    }

    private static boolean isResolved(LogicalPlan node) {
        return Seqs.<Expression>list(node.expressions()).stream().allMatch(Expression::resolved);
    }

    static boolean isCorrelated(LogicalPlan plan) {
        return plan.exists(new AbstractFunction1<>() {
            @Override
            public Object apply(LogicalPlan node) {
                return Seqs.<Expression>list(node.expressions()).stream()
                        .anyMatch(expression -> Expressions.anyMatch(expression, OuterReference.class::isInstance));
            }
        });
    }
}
