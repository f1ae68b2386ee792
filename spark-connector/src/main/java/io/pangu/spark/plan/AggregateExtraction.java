package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Alias;
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
        boolean isGroupedByCalls =
                Seqs.<Expression>list(aggregate.groupingExpressions()).stream().anyMatch(Expressions::hasCall);
        boolean isAggregatingCalls = Seqs.<NamedExpression>list(aggregate.aggregateExpressions()).stream()
                .anyMatch(output -> Expressions.anyMatch(
                        (Expression) output, part -> part instanceof AggregateExpression && Expressions.hasCall(part)));
        return isGroupedByCalls || isAggregatingCalls ? below(aggregate) : above(aggregate);
    }

    private static LogicalPlan below(Aggregate aggregate) {
        CallExtractor extractor = new CallExtractor();
        Map<Expression, Expression> grouped = new LinkedHashMap<>();
        for (Expression key : Seqs.<Expression>list(aggregate.groupingExpressions())) {
            Rewrite.down(key, part -> {
                if (part instanceof InferenceCall) {
                    grouped.put(part.canonicalized(), extractor.extract(part));
                    return grouped.get(part.canonicalized());
                }
                return part;
            });
        }
        LogicalPlan rewritten = Rewrite.expressions(
                aggregate,
                expression -> Rewrite.down(expression, part -> {
                    if (part instanceof InferenceCall && grouped.containsKey(part.canonicalized())) {
                        return grouped.get(part.canonicalized());
                    }
                    return part instanceof AggregateExpression ? extractor.extract(part) : part;
                }));
        LogicalPlan placed = rewritten.withNewChildren(Seqs.of(List.of(extractor.over(aggregate.child()))));
        // What is left asks about groups.
        return NodeExtraction.extract(placed);
    }

    private static LogicalPlan above(Aggregate aggregate) {
        Map<Expression, Alias> inner = new LinkedHashMap<>();
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
        below.addAll(inner.values());
        LogicalPlan grouped =
                new Aggregate(aggregate.groupingExpressions(), Seqs.of(below), aggregate.child(), aggregate.hint());
        return NodeExtraction.extract(new Project(Seqs.of(above), grouped));
    }

    /** The expression over the columns of the aggregate, which get further ones where it needs them. */
    private static Expression split(Expression expression, List<Expression> keys, Map<Expression, Alias> inner) {
        boolean isGroupValue = expression instanceof AggregateExpression || keys.contains(expression.canonicalized());
        if (isGroupValue) {
            Alias alias = inner.computeIfAbsent(
                    expression.canonicalized(),
                    key -> Expressions.alias(
                            expression, expression instanceof Attribute named ? named.name() : "group"));
            return (Expression) alias.toAttribute();
        }
        List<Expression> children = Seqs.<Expression>list(expression.children()).stream()
                .map(child -> split(child, keys, inner))
                .toList();
        return children.isEmpty() ? expression : expression.withNewChildren(Seqs.of(children));
    }
}
