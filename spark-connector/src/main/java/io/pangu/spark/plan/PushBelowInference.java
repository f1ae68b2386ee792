package io.pangu.spark.plan;

import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.rules.Rule;

/**
 * Brings what lessens rows below the model where it does not depend on what the model says: filters, limits, top-N and
 * offsets. The upper limit and sort stay, because rows may be spread over partitions again in between.
 */
final class PushBelowInference extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        return Rewrite.down(plan, PushBelowInference::push);
    }

    private static LogicalPlan push(LogicalPlan node) {
        if (node instanceof Filter filter && filter.child() instanceof LlmInference inference) {
            return filter(filter, inference);
        }
        if (node instanceof GlobalLimit limit) {
            return globalLimit(limit).orElse(node);
        }
        if (node instanceof LocalLimit limit) {
            return localLimit(limit).orElse(node);
        }
        return node;
    }

    private static LogicalPlan filter(Filter filter, LlmInference inference) {
        AttributeSet columns = inference.child().outputSet();
        List<Expression> below = new ArrayList<>();
        List<Expression> kept = new ArrayList<>();
        for (Expression part : Expressions.conjuncts(filter.condition())) {
            boolean isPushed =
                    part.deterministic() && !Expressions.hasCall(part) && Expressions.isComputableFrom(part, columns);
            (isPushed ? below : kept).add(part);
        }
        if (below.isEmpty()) {
            return filter;
        }
        LogicalPlan pushed =
                inference.withChild(new Filter(Expressions.all(below).orElseThrow(), inference.child()));
        return kept.isEmpty() ? pushed : new Filter(Expressions.all(kept).orElseThrow(), pushed);
    }

    private static Optional<LogicalPlan> localLimit(LocalLimit limit) {
        Optional<Long> rows = rows(limit.limitExpr());
        if (rows.isEmpty()) {
            return Optional.empty();
        }
        return below(
                        limit.child(),
                        List.of(),
                        (child, order) -> mostRows(child.maxRowsPerPartition()) <= rows.get()
                                ? Optional.empty()
                                : Optional.of(new LocalLimit(limit.limitExpr(), child)))
                .map(child -> new LocalLimit(limit.limitExpr(), child));
    }

    /** A limit with all of limits, offset and sort below it: all of them go below, the upper limit and sort stay too. */
    private static Optional<LogicalPlan> globalLimit(GlobalLimit limit) {
        Optional<Long> rows = rows(limit.limitExpr());
        LogicalPlan input = limit.child();
        while (input instanceof LocalLimit || input instanceof Offset) {
            input = input.children().head();
        }
        if (rows.isEmpty()) {
            return Optional.empty();
        }
        if (input instanceof Sort sort && sort.global()) {
            List<SortOrder> keys = Seqs.list(sort.order());
            return below(
                            sort.child(),
                            keys,
                            (child, order) -> mostRows(child.maxRows()) <= rows.get()
                                    ? Optional.empty()
                                    : Optional.of(onto(limit, sorted(sort, order, child))))
                    .map(child -> limited(limit, sorted(sort, keys, child)));
        }
        return below(
                        input,
                        List.of(),
                        (child, order) -> mostRows(child.maxRows()) <= rows.get()
                                ? Optional.empty()
                                : Optional.of(onto(limit, child)))
                .map(child -> limited(limit, child));
    }

    /** The limits and the offset over another input. */
    private static LogicalPlan onto(LogicalPlan plan, LogicalPlan input) {
        boolean isPartOfLimit = plan instanceof GlobalLimit || plan instanceof LocalLimit || plan instanceof Offset;
        return isPartOfLimit
                ? plan.withNewChildren(Seqs.of(List.of(onto(plan.children().head(), input))))
                : input;
    }

    /** The limit without its offset, which must skip rows once only. */
    private static LogicalPlan limited(GlobalLimit limit, LogicalPlan child) {
        return new GlobalLimit(limit.limitExpr(), new LocalLimit(limit.limitExpr(), child));
    }

    private static LogicalPlan sorted(Sort sort, List<SortOrder> order, LogicalPlan child) {
        return new Sort(Seqs.of(order), true, child, sort.hint());
    }

    /**
     * The plan with something between its topmost model node and that node's child; empty when there is no such node under
     * projections, when the order needs its results, or when nothing is put there.
     */
    private static Optional<LogicalPlan> below(
            LogicalPlan plan,
            List<SortOrder> order,
            BiFunction<LogicalPlan, List<SortOrder>, Optional<LogicalPlan>> placed) {
        if (plan instanceof Project project) {
            List<SortOrder> inner = order.stream()
                    .map(key -> (SortOrder) throughProject(key, project))
                    .toList();
            return below(project.child(), inner, placed).map(child -> new Project(project.projectList(), child));
        }
        return plan instanceof LlmInference inference && isComputableBelow(order, inference)
                ? placed.apply(inference.child(), order).map(inference::withChild)
                : Optional.empty();
    }

    private static boolean isComputableBelow(List<SortOrder> order, LlmInference inference) {
        AttributeSet columns = inference.child().outputSet();
        return order.stream().allMatch(key -> key.deterministic() && Expressions.isComputableFrom(key, columns));
    }

    /** The expression in terms of the projection's input. */
    static Expression throughProject(Expression expression, Project project) {
        Map<ExprId, Expression> definitions = new HashMap<>();
        for (NamedExpression column : Seqs.<NamedExpression>list(project.projectList())) {
            if (column instanceof Alias alias) {
                definitions.put(alias.exprId(), alias.child());
            }
        }
        return Rewrite.up(
                expression,
                part -> part instanceof Attribute column && definitions.containsKey(column.exprId())
                        ? definitions.get(column.exprId())
                        : part);
    }

    private static Optional<Long> rows(Expression limit) {
        return limit instanceof Literal literal && literal.value() instanceof Integer number
                ? Optional.of(number.longValue())
                : Optional.empty();
    }

    private static long mostRows(scala.Option<Object> rows) {
        return rows.isDefined() ? (Long) rows.get() : Long.MAX_VALUE;
    }
}
