package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Exists;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.LambdaFunction;
import org.apache.spark.sql.catalyst.expressions.ListQuery;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.CreateVariable;
import org.apache.spark.sql.catalyst.plans.logical.DeleteFromTable;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.MergeAction;
import org.apache.spark.sql.catalyst.plans.logical.MergeIntoTable;
import org.apache.spark.sql.catalyst.plans.logical.RowLevelWrite;
import org.apache.spark.sql.catalyst.plans.logical.UpdateTable;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/** Refuses calls in places that no rule can take them out of, at the end of analysis, where Spark would fail without words. */
final class CheckCalls extends AbstractFunction1<LogicalPlan, BoxedUnit> {
    @Override
    public BoxedUnit apply(LogicalPlan plan) {
        check(plan, ExtractInference.isCorrelated(plan), false);
        return BoxedUnit.UNIT;
    }

    /**
     * Checks a query and its subqueries.
     *
     * @param isOpen whether its calls are taken out only when Spark has made a join of it
     * @param becomesCondition whether they will be part of the condition of that join, as for EXISTS and IN
     */
    private static void check(LogicalPlan plan, boolean isOpen, boolean becomesCondition) {
        checkCommand(plan);
        for (Expression expression : Seqs.<Expression>list(plan.expressions())) {
            if (!(plan instanceof Command) && Expressions.hasCall(expression)) {
                checkCalls(plan, expression, isOpen, becomesCondition);
            }
            Expressions.anyMatch(expression, part -> {
                if (part instanceof SubqueryExpression subquery) {
                    boolean isPredicate = subquery instanceof Exists || subquery instanceof ListQuery;
                    check(subquery.plan(), ExtractInference.isCorrelated(subquery.plan()), isPredicate);
                }
                return false;
            });
        }
        Seqs.<LogicalPlan>list(plan.children()).forEach(child -> check(child, isOpen, becomesCondition));
    }

    private static void checkCalls(LogicalPlan node, Expression expression, boolean isOpen, boolean becomesCondition) {
        if (isInLambda(expression)) {
            throw Refusal.ofLambda(expression);
        }
        if (becomesCondition && Expressions.anyMatch(expression, CheckCalls::readsBothSides)) {
            throw Refusal.ofSubquery(expression);
        }
        if (!isOpen && node instanceof Join) {
            throw Refusal.ofNode(node);
        }
    }

    /** Whether a call reads a lambda's variable; one that does not is made once for the row. */
    static boolean isInLambda(Expression expression) {
        return Expressions.anyMatch(
                expression,
                part -> part instanceof LambdaFunction lambda
                        && Seqs.<NamedExpression>list(lambda.arguments()).stream()
                                .anyMatch(variable -> isReadByCall(lambda.function(), (Expression) variable)));
    }

    private static boolean isReadByCall(Expression body, Expression variable) {
        return Expressions.anyMatch(
                body,
                part -> part instanceof InferenceCall
                        && Expressions.anyMatch(part, read -> read.semanticEquals(variable)));
    }

    private static boolean readsBothSides(Expression expression) {
        return expression instanceof InferenceCall call
                && Expressions.anyMatch(call, OuterReference.class::isInstance)
                && !call.references().isEmpty();
    }

    private static void checkCommand(LogicalPlan plan) {
        if (plan instanceof CreateVariable && Expressions.hasCall(plan)) {
            throw Refusal.ofDefault(plan);
        }
        for (Expression condition : conditions(plan)) {
            if (Expressions.hasCall(condition)) {
                throw Refusal.ofCondition(condition);
            }
        }
    }

    /** What decides on the rows that a command changes; what it sets them to is a query's business. */
    private static List<Expression> conditions(LogicalPlan plan) {
        List<Expression> conditions = new ArrayList<>();
        if (plan instanceof DeleteFromTable delete) {
            conditions.add(delete.condition());
        } else if (plan instanceof UpdateTable update && update.condition().isDefined()) {
            conditions.add(update.condition().get());
        } else if (plan instanceof RowLevelWrite write) {
            conditions.add(write.condition());
        } else if (plan instanceof MergeIntoTable merge) {
            conditions.add(merge.mergeCondition());
            List<MergeAction> actions = new ArrayList<>(Seqs.<MergeAction>list(merge.matchedActions()));
            actions.addAll(Seqs.<MergeAction>list(merge.notMatchedActions()));
            actions.addAll(Seqs.<MergeAction>list(merge.notMatchedBySourceActions()));
            for (MergeAction action : actions) {
                if (action.condition().isDefined()) {
                    conditions.add(action.condition().get());
                }
            }
        }
        return conditions;
    }
}
