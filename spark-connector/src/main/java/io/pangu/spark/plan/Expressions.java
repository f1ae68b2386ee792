package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.CommonExpressionDef;
import org.apache.spark.sql.catalyst.expressions.CommonExpressionId;
import org.apache.spark.sql.catalyst.expressions.CommonExpressionRef;
import org.apache.spark.sql.catalyst.expressions.Exists;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression$;
import org.apache.spark.sql.catalyst.expressions.Or;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import scala.Option;
import scala.runtime.AbstractFunction1;

/** Questions about expressions and small pieces of plans. */
final class Expressions {
    private Expressions() {}

    static boolean anyMatch(Expression expression, Predicate<Expression> predicate) {
        return expression.exists(new AbstractFunction1<>() {
            @Override
            public Object apply(Expression node) {
                return predicate.test(node);
            }
        });
    }

    static boolean hasCall(Expression expression) {
        return anyMatch(expression, InferenceCall.class::isInstance);
    }

    /** Whether a call is below the top of the expression. */
    static boolean hasCallInside(Expression expression) {
        return Seqs.<Expression>list(expression.children()).stream().anyMatch(Expressions::hasCall);
    }

    /** Whether every common expression that is used inside is defined inside too; lambdas' variables are attributes. */
    static boolean isClosed(Expression expression) {
        Set<CommonExpressionId> defined = new HashSet<>();
        Set<CommonExpressionId> used = new HashSet<>();
        anyMatch(expression, part -> {
            if (part instanceof CommonExpressionDef definition) {
                defined.add(definition.id());
            } else if (part instanceof CommonExpressionRef reference) {
                used.add(reference.id());
            }
            return false;
        });
        return defined.containsAll(used);
    }

    /** Whether the expression holds a subquery that Spark turns into a join, which it does in its own nodes only. */
    static boolean hasJoinedSubquery(Expression expression) {
        return SubqueryExpression.hasCorrelatedSubquery(expression)
                || SubqueryExpression.hasInOrCorrelatedExistsSubquery(expression)
                || anyMatch(expression, Exists.class::isInstance);
    }

    /** Whether one of the node's own expressions holds a call. */
    static boolean hasCall(LogicalPlan node) {
        return Seqs.<Expression>list(node.expressions()).stream().anyMatch(Expressions::hasCall);
    }

    static boolean isComputableFrom(Expression expression, AttributeSet attributes) {
        return expression.references().subsetOf(attributes);
    }

    /** The parts of a conjunction; the expression itself when it is none. */
    static List<Expression> conjuncts(Expression condition) {
        List<Expression> parts = new ArrayList<>();
        if (condition instanceof And and) {
            parts.addAll(conjuncts(and.left()));
            parts.addAll(conjuncts(and.right()));
        } else {
            parts.add(condition);
        }
        return parts;
    }

    /** The parts of a disjunction; the expression itself when it is none. */
    static List<Expression> disjuncts(Expression condition) {
        List<Expression> parts = new ArrayList<>();
        if (condition instanceof Or or) {
            parts.addAll(disjuncts(or.left()));
            parts.addAll(disjuncts(or.right()));
        } else {
            parts.add(condition);
        }
        return parts;
    }

    /** All of them together; empty for none. */
    static Optional<Expression> all(List<Expression> conditions) {
        return conditions.stream().reduce(And::new);
    }

    /** Any of them; empty for none. */
    static Optional<Expression> any(List<Expression> conditions) {
        return conditions.stream().reduce(Or::new);
    }

    static Alias alias(Expression expression, String name) {
        return new Alias(
                expression,
                name,
                NamedExpression$.MODULE$.newExprId(),
                Seqs.of(List.of()),
                Option.empty(),
                Seqs.of(List.of()));
    }

    /** The plan with exactly these columns, under a projection where it has others too. */
    static LogicalPlan restricted(LogicalPlan plan, List<Attribute> columns) {
        return Seqs.<Attribute>list(plan.output()).equals(columns)
                ? plan
                : new Project(Seqs.<NamedExpression>of(columns), plan);
    }
}
