package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.AttributeSet$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionSet;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.SupportsNonDeterministicExpression;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import org.jspecify.annotations.Nullable;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * The child's rows with one further column for each call of the model. It says of itself that it is not deterministic, so
 * that Spark does not run it twice to save an exchange; the calls inside it are deterministic.
 */
public final class LlmInference extends LogicalPlan implements UnaryNode, SupportsNonDeterministicExpression {
    private static final long serialVersionUID = 1L;

    private final Seq<InferenceCall> calls;
    private final Seq<Attribute> results;
    private final LogicalPlan child;

    /**
     * A node.
     *
     * @param calls what to ask for each row; no call is inside another
     * @param results one attribute for each call
     */
    public LlmInference(Seq<InferenceCall> calls, Seq<Attribute> results, LogicalPlan child) {
        this.calls = calls;
        this.results = results;
        this.child = child;
    }

    Seq<InferenceCall> calls() {
        return calls;
    }

    Seq<Attribute> results() {
        return results;
    }

    LlmInference withChild(LogicalPlan newChild) {
        return new LlmInference(calls, results, newChild);
    }

    @Override
    public Seq<Attribute> output() {
        List<Attribute> all = new ArrayList<>(Seqs.<Attribute>list(child.output()));
        all.addAll(Seqs.<Attribute>list(results));
        return Seqs.of(all);
    }

    @Override
    public AttributeSet producedAttributes() {
        return AttributeSet$.MODULE$.apply(Seqs.<Expression>of(Seqs.<Attribute>list(results)));
    }

    @Override
    public boolean deterministic() {
        return false;
    }

    @Override
    public boolean allowNonDeterministicExpression() {
        return true;
    }

    @Override
    public Option<Object> maxRows() {
        return child.maxRows();
    }

    @Override
    public Option<Object> maxRowsPerPartition() {
        return child.maxRowsPerPartition();
    }

    @Override
    public ExpressionSet validConstraints() {
        return child.constraints();
    }

    @Override
    public String argString(int maxFields) {
        List<String> shown = new ArrayList<>();
        for (int index = 0; index < calls.length(); index++) {
            shown.add(calls.apply(index) + " AS " + results.apply(index));
        }
        return shown.toString();
    }

    @Override
    public LogicalPlan child() {
        return child;
    }

    @Override
    public Seq<LogicalPlan> children() {
        return Seqs.of(List.of(child));
    }

    @Override
    public LogicalPlan mapChildren(Function1<LogicalPlan, LogicalPlan> function) {
        return UnaryNode.super.mapChildren(function);
    }

    @Override
    public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> newChildren) {
        return withNewChildInternal(newChildren.head());
    }

    @Override
    public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
        return withChild(newChild);
    }

    @Override
    public int productArity() {
        return 3;
    }

    @Override
    public Object productElement(int index) {
        return switch (index) {
            case 0 -> calls;
            case 1 -> results;
            case 2 -> child;
            default -> throw new IndexOutOfBoundsException(index);
        };
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof LlmInference;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LlmInference node
                && calls.equals(node.calls)
                && results.equals(node.results)
                && child.equals(node.child);
    }

    @Override
    public int hashCode() {
        return Objects.hash(calls, results, child);
    }
}
