package io.pangu.spark.plan;

import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import io.pangu.spark.functions.Seqs;
import java.util.OptionalInt;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionOperation;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.Union;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.internal.SQLConf;
import scala.collection.immutable.Seq;

/**
 * Puts a repartitioning below the model where there may be fewer partitions than engines. Prompts are small and slow:
 * Spark sizes partitions by bytes and would leave most executors idle.
 */
final class SpreadInference extends Rule<LogicalPlan> {
    /** Rows up to this many are left in one partition: one engine answers them in one batch. */
    private static final long FEW_ROWS = 16;
    /** Partitions for each task slot, so that engines of unequal speed end together. */
    private static final int PARTITIONS_PER_SLOT = 2;

    private final SparkContext context;

    SpreadInference(SparkContext context) {
        this.context = context;
    }

    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        PanguConf conf = InferenceStrategy.sessionConf();
        String wanted = conf.text(PanguKeys.PARTITIONS);
        if (wanted.equals("keep")) {
            return plan;
        }
        OptionalInt number = conf.number(PanguKeys.PARTITIONS);
        return visit(plan, number, true);
    }

    private LogicalPlan visit(LogicalPlan plan, OptionalInt number, boolean isOrderWanted) {
        boolean isOrderWantedBelow = isOrderWanted && !makesNewOrder(plan);
        LogicalPlan visited = plan.withNewChildren(Seqs.of(Seqs.<LogicalPlan>list(plan.children()).stream()
                .map(child -> visit(child, number, isOrderWantedBelow))
                .toList()));
        boolean keepsOrder = isOrderWantedBelow && isOrdered(plan.children());
        return visited instanceof LlmInference inference && !keepsOrder ? spread(inference, number) : visited;
    }

    private static boolean makesNewOrder(LogicalPlan plan) {
        return plan instanceof Sort
                || plan instanceof Aggregate
                || plan instanceof Join
                || plan instanceof RepartitionOperation;
    }

    /** Whether the rows come from an ORDER BY: no standard promises that they stay so, but everybody counts on it. */
    private static boolean isOrdered(Seq<LogicalPlan> children) {
        if (children.isEmpty()) {
            return false;
        }
        LogicalPlan child = children.head();
        boolean isPassing =
                child instanceof Project || child instanceof LlmInference || DropUnusedCalls.passesAllColumns(child);
        return (child instanceof Sort sort && sort.global()) || (isPassing && isOrdered(child.children()));
    }

    private LogicalPlan spread(LlmInference inference, OptionalInt number) {
        LogicalPlan child = inference.child();
        if (child instanceof Repartition || child instanceof LlmInference) {
            return inference;
        }
        if (number.isPresent()) {
            return inference.withChild(new Repartition(number.getAsInt(), true, child));
        }
        boolean isFew = child.maxRows().isDefined() && (Long) child.maxRows().get() <= FEW_ROWS;
        if (isFew || numEngines() < 2 || leastPartitions(child) >= numEngines()) {
            return inference;
        }
        return inference.withChild(new Repartition(context.defaultParallelism() * PARTITIONS_PER_SLOT, true, child));
    }

    /** Executors that are there; the driver's own entry does not count where there are others. */
    private int numEngines() {
        return context.isLocal()
                ? 1
                : Math.max(1, context.getExecutorMemoryStatus().size() - 1);
    }

    /** Partitions that the plan has at least; 1 where adaptive execution may merge them. */
    private long leastPartitions(LogicalPlan plan) {
        if (plan instanceof Project || plan instanceof Filter || plan instanceof LlmInference) {
            return leastPartitions(plan.children().head());
        }
        if (plan instanceof Repartition repartition) {
            return repartition.numPartitions();
        }
        if (plan instanceof Union union) {
            return Seqs.<LogicalPlan>list(union.children()).stream()
                    .mapToLong(this::leastPartitions)
                    .sum();
        }
        if (plan instanceof LogicalRelation relation && relation.relation() instanceof HadoopFsRelation files) {
            long bytes = files.sizeInBytes();
            long perCore = bytes / Math.max(1, context.defaultParallelism());
            long split = Math.min(
                    SQLConf.get().filesMaxPartitionBytes(),
                    Math.max(SQLConf.get().filesOpenCostInBytes(), perCore));
            return 1 + bytes / split;
        }
        return 1;
    }
}
