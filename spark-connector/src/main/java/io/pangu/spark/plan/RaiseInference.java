package io.pangu.spark.plan;

import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Window;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.collection.immutable.Seq;

/**
 * Brings the model above a window that does not read its results, where a filter reads the window's: the filter can then
 * go below the model, as for QUALIFY and the first row of each group.
 */
final class RaiseInference extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        return Rewrite.down(plan, node -> node instanceof Filter filter ? filter(filter) : node);
    }

    private static LogicalPlan filter(Filter filter) {
        return raised(filter.child(), filter.references())
                .<LogicalPlan>map(child -> new Filter(filter.condition(), child))
                .orElse(filter);
    }

    private static Optional<LogicalPlan> raised(LogicalPlan plan, AttributeSet read) {
        if (plan instanceof Project project) {
            return raised(project.child(), project.references())
                    .map(child -> new Project(project.projectList(), child));
        }
        boolean isWindowRead = plan instanceof Window window
                && Seqs.<NamedExpression>list(window.windowExpressions()).stream()
                        .anyMatch(result -> read.contains((NamedExpression) result.toAttribute()));
        return isWindowRead ? raised((Window) plan) : Optional.empty();
    }

    private static Optional<LogicalPlan> raised(Window window) {
        List<NamedExpression> columns =
                new ArrayList<>(Seqs.<Attribute>list(window.child().output()));
        LogicalPlan child = window.child();
        if (child instanceof Project project) {
            columns = new ArrayList<>(Seqs.<NamedExpression>list(project.projectList()));
            child = project.child();
        }
        if (!(child instanceof LlmInference inference)) {
            return Optional.empty();
        }
        AttributeSet results = inference.producedAttributes();
        List<NamedExpression> below = new ArrayList<>();
        List<NamedExpression> above = new ArrayList<>();
        for (NamedExpression column : columns) {
            (readsAny(column, results) ? above : below).add(column);
        }
        boolean isIndependent =
                above.stream().noneMatch(column -> window.references().contains(column))
                        && above.stream().allMatch(column -> ((Expression) column).deterministic());
        if (!isIndependent) {
            return Optional.empty();
        }
        addMissing(below, inference.references());
        Seq<NamedExpression> produced = Seqs.of(Seqs.<Attribute>list(inference.results()));
        above.forEach(
                column -> addMissing(below, ((Expression) column).references().$minus$minus(produced)));
        LogicalPlan ranked = window.withNewChildren(Seqs.of(List.of(new Project(Seqs.of(below), inference.child()))));
        return Optional.of(new Project(Seqs.of(output(window, above)), inference.withChild(ranked)));
    }

    private static boolean readsAny(NamedExpression column, AttributeSet attributes) {
        return Seqs.<Attribute>list(((Expression) column).references().toSeq()).stream()
                .anyMatch(attributes::contains);
    }

    private static void addMissing(List<NamedExpression> columns, AttributeSet wanted) {
        for (Attribute attribute : Seqs.<Attribute>list(wanted.toSeq())) {
            if (columns.stream().noneMatch(column -> column.exprId().equals(attribute.exprId()))) {
                columns.add(attribute);
            }
        }
    }

    /** The window's columns, those that read results by their definition. */
    private static List<NamedExpression> output(Window window, List<NamedExpression> definitions) {
        List<NamedExpression> columns = new ArrayList<>();
        for (Attribute column : Seqs.<Attribute>list(window.output())) {
            columns.add(definitions.stream()
                    .filter(definition ->
                            definition instanceof Alias && definition.exprId().equals(column.exprId()))
                    .findFirst()
                    .orElse(column));
        }
        return columns;
    }
}
