package io.pangu.spark.plan;

import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;

/**
 * Takes the calls out of an aggregate. Calls that are grouped by and calls inside an aggregate function are made below it;
 * calls of what comes out of it (a group's key, an aggregate's result) above it, once for each group.
 */
final class AggregateExtraction {
    private AggregateExtraction() {}

    static LogicalPlan extract(Aggregate aggregate) {
        if (!hasCallsBelow(aggregate)) {
            return above(aggregate);
        }
        Aggregate placed = below(aggregate);
        // What is left asks about groups, or cannot be taken out at all.
        return hasCallsBelow(placed) ? placed : NodeExtraction.extract(placed);
    }

    private static boolean hasCallsBelow(Aggregate aggregate) {
        boolean isGroupedByCalls =
                Seqs.<Expression>list(aggregate.groupingExpressions()).stream().anyMatch(Expressions::hasCall);
        boolean isAggregatingCalls = Seqs.<NamedExpression>list(aggregate.aggregateExpressions()).stream()
                .anyMatch(output -> Expressions.anyMatch(
                        (Expression) output, part -> part instanceof AggregateExpression && Expressions.hasCall(part)));
        return isGroupedByCalls || isAggregatingCalls;
    }

    private static Aggregate below(Aggregate aggregate) {
        CallExtractor extractor = new CallExtractor(aggregate.child().outputSet());
        Map<Expression, Expression> grouped = new HashMap<>();
        for (Expression key : Seqs.<Expression>list(aggregate.groupingExpressions())) {
            if (Expressions.hasCall(key)) {
                grouped.put(key.canonicalized(), extractor.extract(key));
            }
        }
        LogicalPlan rewritten = Rewrite.expressions(
                aggregate,
                expression -> Rewrite.down(expression, part -> {
                    if (grouped.containsKey(part.canonicalized())) {
                        return grouped.get(part.canonicalized());
                    }
                    return part instanceof AggregateExpression ? extractor.extract(part) : part;
                }));
        return (Aggregate) rewritten.withNewChildren(Seqs.of(List.of(extractor.over(aggregate.child()))));
    }

    private static LogicalPlan above(Aggregate aggregate) {
        Map<Expression, NamedExpression> inner = new LinkedHashMap<>();
        List<NamedExpression> below = new ArrayList<>();
        List<NamedExpression> above = new ArrayList<>();
        List<Expression> keys = Seqs.<Expression>list(aggregate.groupingExpressions()).stream()
                .map(Expression::canonicalized)
                .toList();
        for (NamedExpression output : Seqs.<NamedExpression>list(aggregate.aggregateExpressions())) {
            Expression expression = (Expression) output;
            if (Expressions.hasCall(expression)) {
                above.add((NamedExpression) split(expression, keys, inner));
            } else {
                below.add(output);
                above.add(output.toAttribute());
            }
        }
        for (NamedExpression value : inner.values()) {
            if (below.stream().noneMatch(column -> column.exprId().equals(value.exprId()))) {
                below.add(value);
            }
        }
        LogicalPlan grouped =
                new Aggregate(aggregate.groupingExpressions(), Seqs.of(below), aggregate.child(), aggregate.hint());
        return NodeExtraction.extract(new Project(Seqs.of(above), grouped));
    }

    /** The expression over the columns of the aggregate, which get further ones where it needs them. */
    private static Expression split(
            Expression expression, List<Expression> keys, Map<Expression, NamedExpression> inner) {
        boolean isGroupValue = expression instanceof AggregateExpression || keys.contains(expression.canonicalized());
        if (isGroupValue) {
            // A column keeps its identity, which a correlated subquery may ask for.
            NamedExpression value = inner.computeIfAbsent(
                    expression.canonicalized(),
                    key -> expression instanceof Attribute column ? column : Expressions.alias(expression, "group"));
            return (Expression) value.toAttribute();
        }
        List<Expression> children = Seqs.<Expression>list(expression.children()).stream()
                .map(child -> split(child, keys, inner))
                .toList();
        return children.isEmpty() ? expression : expression.withNewChildren(Seqs.of(children));
    }
}
