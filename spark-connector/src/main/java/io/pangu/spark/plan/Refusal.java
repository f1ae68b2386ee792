package io.pangu.spark.plan;

import io.pangu.spark.functions.AnalysisErrors;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Why a call cannot be made where it stands, and where it can. */
final class Refusal {
    private Refusal() {}

    static RuntimeException ofLambda(Expression expression) {
        return error(
                expression,
                "reads a variable of a lambda function, and the model answers rows, not elements of an array. Explode"
                        + " the array, call the model for each element and collect the answers: SELECT id,"
                        + " collect_list(generate(item)) FROM (SELECT id, explode(items) AS item FROM t) GROUP BY id.");
    }

    static RuntimeException ofSubquery(Expression expression) {
        return error(
                expression,
                "reads columns of the outer query and of a subquery under EXISTS or IN, so it would have to be made"
                        + " inside that join. Join the two tables and filter on the call: SELECT DISTINCT t.* FROM t"
                        + " JOIN u ON t.id = u.id WHERE generate(concat(t.a, u.b)) LIKE 'yes%'.");
    }

    static RuntimeException ofDefault(LogicalPlan command) {
        return error(
                command,
                "is the default value of a variable, which is evaluated on the driver, where there is no model. Declare"
                        + " the variable without it and set it by a query: SET VAR v = (SELECT generate('...')).");
    }

    static RuntimeException ofCondition(Expression condition) {
        return error(
                condition,
                "is in a condition of DELETE, UPDATE or MERGE, which may be evaluated more than once and row by row."
                        + " Write the rows that it chooses to a table first and use their keys: ... WHERE id IN (SELECT"
                        + " id FROM chosen).");
    }

    /** A node that still has calls when it is planned. */
    static RuntimeException ofNode(LogicalPlan node) {
        return error(
                node,
                "cannot be made inside " + node.nodeName() + " (" + node.simpleString(5) + "): it reads columns of both"
                        + " sides of a join that is no inner join, or stands where no rows come in. Make it in a"
                        + " subquery, SELECT ..., generate(...) AS answer, and use the column answer here.");
    }

    private static RuntimeException error(LogicalPlan node, String problem) {
        return error(
                Seqs.<Expression>list(node.expressions()).stream()
                        .filter(Expressions::hasCall)
                        .findFirst()
                        .orElseThrow(),
                problem);
    }

    private static RuntimeException error(Expression expression, String problem) {
        List<Expression> calls = new ArrayList<>();
        Expressions.anyMatch(expression, part -> part instanceof InferenceCall && calls.add(part));
        throw AnalysisErrors.of("The call " + calls.get(0).sql() + " " + problem);
    }
}
