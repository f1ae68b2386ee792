package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.Option;

/** Lets a call take the result of an equal one that was made further down for the same row, as for WHERE and SELECT. */
final class MergeEqualCalls extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        return Rewrite.up(plan, node -> node instanceof LlmInference inference ? merged(inference) : node);
    }

    /** A plan that has the result of a call among its columns. */
    private record Known(LogicalPlan plan, Attribute result) {}

    private static LogicalPlan merged(LlmInference inference) {
        LogicalPlan child = inference.child();
        List<InferenceCall> calls = new ArrayList<>();
        List<Attribute> results = new ArrayList<>();
        List<NamedExpression> columns = new ArrayList<>(Seqs.<Attribute>list(child.output()));
        for (int index = 0; index < inference.calls().length(); index++) {
            InferenceCall call = inference.calls().apply(index);
            Attribute result = inference.results().apply(index);
            Optional<Known> known = find(child, call.unguarded());
            if (known.isPresent()) {
                child = known.get().plan();
                columns.add(renamed(known.get().result(), result));
            } else {
                calls.add(call);
                results.add(result);
                columns.add(result);
            }
        }
        if (calls.size() == inference.calls().length()) {
            return inference;
        }
        LogicalPlan rest = calls.isEmpty() ? child : new LlmInference(Seqs.of(calls), Seqs.of(results), child);
        return new Project(Seqs.of(columns), rest);
    }

    private static NamedExpression renamed(Attribute from, Attribute to) {
        return new Alias(
                (Expression) from, to.name(), to.exprId(), Seqs.of(List.of()), Option.empty(), Seqs.of(List.of()));
    }

    private static Optional<Known> find(LogicalPlan plan, Expression call) {
        if (plan instanceof LlmInference inference) {
            Optional<Attribute> result = resultOf(inference, call);
            return result.isPresent()
                    ? Optional.of(new Known(plan, result.get()))
                    : findBelow(plan, inference.child(), call);
        }
        if (plan instanceof Project project) {
            Expression inner = PushBelowInference.throughProject(call, project);
            return find(project.child(), inner).map(known -> {
                List<NamedExpression> columns = new ArrayList<>(Seqs.<NamedExpression>list(project.projectList()));
                boolean isThere = columns.stream()
                        .anyMatch(column -> column.toAttribute()
                                .exprId()
                                .equals(known.result().exprId()));
                if (!isThere) {
                    columns.add((NamedExpression) known.result());
                }
                return new Known(new Project(Seqs.of(columns), known.plan()), known.result());
            });
        }
        return DropUnusedCalls.passesAllColumns(plan)
                ? findBelow(plan, plan.children().head(), call)
                : Optional.empty();
    }

    /** The result of a call that asks the same for every row, whatever names the prompts have been given on the way. */
    private static Optional<Attribute> resultOf(LlmInference inference, Expression call) {
        Expression wanted = inlined(call, inference.child());
        for (int index = 0; index < inference.calls().length(); index++) {
            if (inlined(inference.calls().apply(index), inference.child()).semanticEquals(wanted)) {
                return Optional.of(inference.results().apply(index));
            }
        }
        return Optional.empty();
    }

    /** The expression in terms of the columns under all projections. */
    private static Expression inlined(Expression expression, LogicalPlan plan) {
        if (plan instanceof Project project) {
            return inlined(PushBelowInference.throughProject(expression, project), project.child());
        }
        return plan instanceof LlmInference || DropUnusedCalls.passesAllColumns(plan)
                ? inlined(expression, plan.children().head())
                : expression;
    }

    private static Optional<Known> findBelow(LogicalPlan plan, LogicalPlan child, Expression call) {
        return find(child, call)
                .map(known -> new Known(plan.withNewChildren(Seqs.of(List.of(known.plan()))), known.result()));
    }
}
