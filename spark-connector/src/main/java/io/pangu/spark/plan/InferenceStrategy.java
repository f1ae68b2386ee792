package io.pangu.spark.plan;

import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.engine.EngineAccess;
import io.pangu.spark.exec.InferenceSettings;
import io.pangu.spark.exec.LlmInferenceExec;
import io.pangu.spark.functions.Seqs;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import org.apache.spark.sql.internal.SQLConf;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Plans our node; takes out calls that no rule before it met, as in joins that Spark makes of EXISTS and IN last of all. */
final class InferenceStrategy extends SparkStrategy {
    private static final long serialVersionUID = 1L;

    private final EngineAccess access;

    InferenceStrategy(EngineAccess access) {
        this.access = access;
    }

    @Override
    public Seq<SparkPlan> apply(LogicalPlan plan) {
        if (plan instanceof LlmInference node) {
            PanguConf.requireKnown(namesSet());
            InferenceSettings settings = InferenceSettings.from(sessionConf());
            return one(new LlmInferenceExec(node.calls(), node.results(), settings, access, planLater(node.child())));
        }
        LogicalPlan extracted = NodeExtraction.extract(plan);
        if (!extracted.fastEquals(plan)) {
            return one(planLater(extracted));
        }
        if (Expressions.hasCall(plan) && !(plan instanceof Command)) {
            throw Refusal.ofNode(plan);
        }
        return Seqs.of(List.of());
    }

    private static Seq<SparkPlan> one(SparkPlan plan) {
        return Seqs.of(List.of(plan));
    }

    /** The configuration of the query that is being planned. */
    static PanguConf sessionConf() {
        SQLConf conf = SQLConf.get();
        return PanguConf.of(key -> Optional.ofNullable(conf.getConfString(key, null)));
    }

    private static Set<String> namesSet() {
        return CollectionConverters.asJava(SQLConf.get().getAllConfs()).keySet();
    }
}
