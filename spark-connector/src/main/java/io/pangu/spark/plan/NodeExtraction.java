package io.pangu.spark.plan;

import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ConditionalExpression;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Or;
import org.apache.spark.sql.catalyst.plans.InnerLike;
import org.apache.spark.sql.catalyst.plans.JoinType;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.Option;

/** Takes the calls out of one plan node into {@link LlmInference} nodes below it; nodes that cannot are left alone. */
final class NodeExtraction {
    private NodeExtraction() {}

    static LogicalPlan extract(LogicalPlan node) {
        if (node instanceof LlmInference || node instanceof Command || !Expressions.hasCall(node)) {
            return node;
        }
        if (node instanceof Filter filter) {
            return filter(filter);
        }
        if (node instanceof Aggregate aggregate) {
            return AggregateExtraction.extract(aggregate);
        }
        if (node instanceof Join join) {
            return join(join);
        }
        return node instanceof UnaryNode unary ? unary(node, unary.child()) : node;
    }

    /** All calls of a node with one child, below it. */
    static LogicalPlan unary(LogicalPlan node, LogicalPlan child) {
        CallExtractor extractor = new CallExtractor(child.outputSet());
        LogicalPlan rewritten = Rewrite.expressions(node, extractor::extract);
        LogicalPlan placed = rewritten.withNewChildren(Seqs.of(List.of(extractor.over(child))));
        return Expressions.restricted(placed, Seqs.<Attribute>list(node.output()));
    }

    /** Conditions that ask nobody first, below the model. */
    private static LogicalPlan filter(Filter filter) {
        List<Expression> cheap = new ArrayList<>();
        List<Expression> asking = new ArrayList<>();
        for (Expression part : Expressions.conjuncts(filter.condition())) {
            (Expressions.hasCall(part) ? asking : cheap).add(part);
        }
        LogicalPlan child = filter.child();
        if (!cheap.isEmpty()) {
            child = new Filter(Expressions.all(cheap).orElseThrow(), child);
        }
        CallExtractor extractor = new CallExtractor(child.outputSet());
        Expression condition = extractor.extract(Expressions.all(asking).orElseThrow());
        LogicalPlan placed = new Filter(condition, extractor.over(child));
        return Expressions.restricted(placed, Seqs.<Attribute>list(filter.output()));
    }

    /** Calls over one side's columns below that side; over both sides' columns above an inner join. */
    private static LogicalPlan join(Join join) {
        List<Expression> kept = new ArrayList<>();
        List<Expression> above = new ArrayList<>();
        CallExtractor left = new CallExtractor(join.left().outputSet());
        CallExtractor right = new CallExtractor(join.right().outputSet());
        for (Expression part : Expressions.conjuncts(join.condition().get())) {
            // What decides on a call in the upper filter may need both sides; below one side it would be made for all.
            boolean waits = isInner(join.joinType())
                    && isConditional(part)
                    && !Expressions.isComputableFrom(part, join.left().outputSet())
                    && !Expressions.isComputableFrom(part, join.right().outputSet());
            Expression rewritten = waits ? part : right.extract(left.extract(part));
            (Expressions.hasCall(rewritten) ? above : kept).add(rewritten);
        }
        if (!above.isEmpty() && !isInner(join.joinType())) {
            return join;
        }
        Optional<Expression> condition = Expressions.all(kept);
        LogicalPlan joined = new Join(
                left.over(join.left()),
                right.over(join.right()),
                join.joinType(),
                Option.apply(condition.orElse(null)),
                join.hint());
        LogicalPlan filtered = above.isEmpty()
                ? joined
                : filter(new Filter(Expressions.all(above).orElseThrow(), joined));
        return Expressions.restricted(filtered, Seqs.<Attribute>list(join.output()));
    }

    private static boolean isConditional(Expression condition) {
        return Expressions.anyMatch(
                condition,
                part -> (part instanceof ConditionalExpression || part instanceof Or || part instanceof And)
                        && Expressions.hasCall(part));
    }

    private static boolean isInner(JoinType type) {
        return type instanceof InnerLike;
    }
}
