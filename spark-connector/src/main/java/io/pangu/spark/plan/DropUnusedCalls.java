package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.rules.Rule;

/** Removes calls whose results nobody above reads. */
final class DropUnusedCalls extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        return Rewrite.down(plan, node -> node instanceof Project || node instanceof Aggregate ? prune(node) : node);
    }

    private static LogicalPlan prune(LogicalPlan columns) {
        LogicalPlan child = columns.children().head();
        LogicalPlan pruned = prune(child, columns.references());
        return pruned.fastEquals(child) ? columns : columns.withNewChildren(Seqs.of(List.of(pruned)));
    }

    private static LogicalPlan prune(LogicalPlan plan, AttributeSet read) {
        if (plan instanceof LlmInference inference) {
            return prune(inference, read);
        }
        if (!passesAllColumns(plan)) {
            return plan;
        }
        LogicalPlan child = plan.children().head();
        LogicalPlan pruned = prune(child, read.$plus$plus(plan.references()));
        return pruned.fastEquals(child) ? plan : plan.withNewChildren(Seqs.of(List.of(pruned)));
    }

    private static LogicalPlan prune(LlmInference inference, AttributeSet read) {
        List<InferenceCall> calls = new ArrayList<>();
        List<Attribute> results = new ArrayList<>();
        for (int index = 0; index < inference.calls().length(); index++) {
            if (read.contains(inference.results().apply(index))) {
                calls.add(inference.calls().apply(index));
                results.add(inference.results().apply(index));
            }
        }
        if (calls.isEmpty()) {
            return prune(inference.child(), read);
        }
        LlmInference kept = calls.size() == inference.calls().length()
                ? inference
                : new LlmInference(Seqs.of(calls), Seqs.of(results), inference.child());
        LogicalPlan pruned = prune(kept.child(), read.$plus$plus(kept.references()));
        return pruned.fastEquals(kept.child()) ? kept : kept.withChild(pruned);
    }

    /** Whether the node's output is its child's, whatever columns that has. */
    static boolean passesAllColumns(LogicalPlan plan) {
        return plan instanceof Filter
                || plan instanceof Sort
                || plan instanceof GlobalLimit
                || plan instanceof LocalLimit
                || plan instanceof Offset;
    }
}
