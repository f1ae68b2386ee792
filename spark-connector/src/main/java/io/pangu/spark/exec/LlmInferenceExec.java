package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineAccess;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.AttributeSet$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.jspecify.annotations.Nullable;
import scala.Function1;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/** The operator that calls the model: the child's rows with one further column for each call, in the same order. */
public final class LlmInferenceExec extends SparkPlan implements UnaryExecNode {
    private static final long serialVersionUID = 1L;

    private final Seq<InferenceCall> calls;
    private final Seq<Attribute> results;
    private final InferenceSettings settings;
    private final EngineAccess access;
    private final SparkPlan child;
    private transient @Nullable InferenceMetrics metrics;

    /**
     * An operator.
     *
     * @param calls what to ask for each row
     * @param results one attribute for each call
     */
    public LlmInferenceExec(
            Seq<InferenceCall> calls,
            Seq<Attribute> results,
            InferenceSettings settings,
            EngineAccess access,
            SparkPlan child) {
        this.calls = calls;
        this.results = results;
        this.settings = settings;
        this.access = access;
        this.child = child;
    }

    @Override
    public RDD<InternalRow> doExecute() {
        InferenceEvaluatorFactory factory =
                new InferenceEvaluatorFactory(calls, results, child.output(), settings, access, inferenceMetrics());
        return child.execute().mapPartitionsWithEvaluator(factory, ClassTag$.MODULE$.apply(InternalRow.class));
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
    public Partitioning outputPartitioning() {
        return child.outputPartitioning();
    }

    @Override
    public Seq<SortOrder> outputOrdering() {
        return child.outputOrdering();
    }

    @Override
    public Map<String, SQLMetric> metrics() {
        return scala.collection.immutable.Map.from(
                CollectionConverters.asScala(inferenceMetrics().byKey()));
    }

    private synchronized InferenceMetrics inferenceMetrics() {
        if (metrics == null) {
            metrics = new InferenceMetrics(sparkContext());
        }
        return metrics;
    }

    @Override
    public String argString(int maxFields) {
        List<String> shown = new ArrayList<>();
        for (int index = 0; index < calls.length(); index++) {
            shown.add(calls.apply(index) + " AS " + results.apply(index));
        }
        return shown + ", model " + settings.engine().model() + ", window " + settings.window();
    }

    @Override
    public SparkPlan child() {
        return child;
    }

    @Override
    public Seq<SparkPlan> children() {
        return Seqs.of(List.of(child));
    }

    @Override
    public SparkPlan mapChildren(Function1<SparkPlan, SparkPlan> function) {
        return UnaryExecNode.super.mapChildren(function);
    }

    @Override
    public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> newChildren) {
        return withNewChildInternal(newChildren.head());
    }

    @Override
    public SparkPlan withNewChildInternal(SparkPlan newChild) {
        return new LlmInferenceExec(calls, results, settings, access, newChild);
    }

    @Override
    public int productArity() {
        return 5;
    }

    @Override
    public Object productElement(int index) {
        return switch (index) {
            case 0 -> calls;
            case 1 -> results;
            case 2 -> settings;
            case 3 -> access;
            case 4 -> child;
            default -> throw new IndexOutOfBoundsException(index);
        };
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof LlmInferenceExec;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LlmInferenceExec exec
                && calls.equals(exec.calls)
                && results.equals(exec.results)
                && settings.equals(exec.settings)
                && access.equals(exec.access)
                && child.equals(exec.child);
    }

    @Override
    public int hashCode() {
        return Objects.hash(calls, results, settings, child);
    }
}
