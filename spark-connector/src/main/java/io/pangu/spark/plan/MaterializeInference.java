package io.pangu.spark.plan;

import io.pangu.spark.functions.Seqs;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.planning.ExtractEquiJoinKeys$;
import org.apache.spark.sql.catalyst.plans.InnerLike;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionByExpression;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionOperation;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.internal.SQLConf;
import scala.Option;

/**
 * Puts a shuffle above the model wherever Spark would run its input twice: under a range exchange, which samples its input
 * in a job of its own (ORDER BY, range repartitioning), and on both sides of a cartesian product, which runs each side for
 * every partition of the other. What a shuffle has written is read again, not computed again.
 */
final class MaterializeInference extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        return visit(plan);
    }

    private static LogicalPlan visit(LogicalPlan plan) {
        if (isTopN(plan)) {
            return topN(plan);
        }
        List<LogicalPlan> children = Seqs.<LogicalPlan>list(plan.children()).stream()
                .map(MaterializeInference::visit)
                .toList();
        boolean runsInputTwice =
                (plan instanceof Sort sort && sort.global()) || isRangePartitioning(plan) || isCartesianProduct(plan);
        if (runsInputTwice) {
            children = children.stream().map(MaterializeInference::materialized).toList();
        }
        return plan.withNewChildren(Seqs.of(children));
    }

    private static boolean isTopN(LogicalPlan plan) {
        return plan instanceof GlobalLimit limit
                && limit.child() instanceof LocalLimit local
                && (local.child() instanceof Sort
                        || (local.child() instanceof Offset offset && offset.child() instanceof Sort))
                && limit.maxRows().isDefined()
                && (Long) limit.maxRows().get() < SQLConf.get().topKSortFallbackThreshold();
    }

    /** A sort directly under a limit is planned as top-N, which runs its input once. */
    private static LogicalPlan topN(LogicalPlan plan) {
        LogicalPlan child = plan.children().head();
        LogicalPlan visited = plan instanceof Sort ? visit(child) : topN(child);
        return plan.withNewChildren(Seqs.of(List.of(visited)));
    }

    private static boolean isRangePartitioning(LogicalPlan plan) {
        return plan instanceof RepartitionByExpression repartition
                && Seqs.<Expression>list(repartition.partitionExpressions()).stream()
                        .anyMatch(SortOrder.class::isInstance);
    }

    private static boolean isCartesianProduct(LogicalPlan plan) {
        return plan instanceof Join join
                && join.joinType() instanceof InnerLike
                && ExtractEquiJoinKeys$.MODULE$.unapply(join).isEmpty();
    }

    /** The plan with a shuffle over each model node that has none over it yet. */
    private static LogicalPlan materialized(LogicalPlan plan) {
        if (!hasInference(plan) || isShuffle(plan)) {
            return plan;
        }
        if (isModelUnderProjection(plan)) {
            return new RepartitionByExpression(Seqs.of(List.of()), plan, Option.empty(), Option.empty());
        }
        List<LogicalPlan> children = Seqs.<LogicalPlan>list(plan.children()).stream()
                .map(MaterializeInference::materialized)
                .toList();
        return plan.withNewChildren(Seqs.of(children));
    }

    private static boolean isModelUnderProjection(LogicalPlan plan) {
        return plan instanceof LlmInference
                || ((plan instanceof Project || plan instanceof Filter)
                        && isModelUnderProjection(plan.children().head()));
    }

    private static boolean isShuffle(LogicalPlan plan) {
        return plan instanceof RepartitionByExpression
                || (plan instanceof Repartition && ((RepartitionOperation) plan).shuffle())
                || (plan instanceof Sort sort && sort.global());
    }

    private static boolean hasInference(LogicalPlan plan) {
        return plan instanceof LlmInference
                || Seqs.<LogicalPlan>list(plan.children()).stream().anyMatch(MaterializeInference::hasInference);
    }
}
