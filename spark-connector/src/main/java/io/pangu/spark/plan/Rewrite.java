package io.pangu.spark.plan;

import java.util.function.UnaryOperator;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.PartialFunction;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractPartialFunction;

/** Catalyst's traversals with Java functions: a node that is given back as it came is left alone. */
final class Rewrite {
    private Rewrite() {}

    /** Children first, in the analyzer: subtrees that were analyzed before are left alone. */
    static LogicalPlan whileAnalyzing(LogicalPlan plan, UnaryOperator<LogicalPlan> rule) {
        return plan.resolveOperatorsUp(everywhere(rule));
    }

    /** Children first. */
    static LogicalPlan up(LogicalPlan plan, UnaryOperator<LogicalPlan> rule) {
        return plan.transformUp(everywhere(rule));
    }

    /** Parents first. */
    static LogicalPlan down(LogicalPlan plan, UnaryOperator<LogicalPlan> rule) {
        return plan.transformDown(everywhere(rule));
    }

    /** An expression, children first. */
    static Expression up(Expression expression, UnaryOperator<Expression> rule) {
        return expression.transformUp(everywhere(rule));
    }

    /** An expression, parents first: what a rule gives back is searched too. */
    static Expression down(Expression expression, UnaryOperator<Expression> rule) {
        return expression.transformDown(everywhere(rule));
    }

    /** Each of a node's own expressions as a whole. */
    static LogicalPlan expressions(LogicalPlan node, UnaryOperator<Expression> rule) {
        return node.mapExpressions(new AbstractFunction1<Expression, Expression>() {
            @Override
            public Expression apply(Expression expression) {
                return rule.apply(expression);
            }
        });
    }

    private static <T> PartialFunction<T, T> everywhere(UnaryOperator<T> rule) {
        return new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(T node) {
                return true;
            }

            @Override
            public T apply(T node) {
                return rule.apply(node);
            }
        };
    }
}
