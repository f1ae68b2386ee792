package io.pangu.spark.plan;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.AttributeSet$;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.EqualNullSafe;
import org.apache.spark.sql.catalyst.expressions.Exists;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.IsNull;
import org.apache.spark.sql.catalyst.expressions.ListQuery;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression$;
import org.apache.spark.sql.catalyst.expressions.Not;
import org.apache.spark.sql.catalyst.expressions.Or;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.Metadata;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.Seq;

/**
 * Takes calls out of the expressions of one plan node. Each is replaced by an attribute that an {@link LlmInference} node
 * below will produce. Where SQL evaluates a part only sometimes (CASE, IF, COALESCE, AND, OR, an aggregate's FILTER) the
 * call gets a guard, so that the model is asked for those rows alone. Equal calls become one.
 */
final class CallExtractor {
    private final AttributeSet columns;
    private final Map<Object, Slot> slots = new LinkedHashMap<>();

    /**
     * An extractor.
     *
     * @param columns what the calls can be made from; calls that need more stay where they are
     */
    CallExtractor(AttributeSet columns) {
        this.columns = columns;
    }

    /** One distinct call, its result and the conditions under which it is wanted; no conditions: always. */
    private static final class Slot {
        private final InferenceCall call;
        private final AttributeReference result;
        private final @Nullable List<Expression> guards;

        Slot(InferenceCall call, AttributeReference result, @Nullable List<Expression> guards) {
            this.call = call;
            this.result = result;
            this.guards = guards;
        }

        InferenceCall guardedCall() {
            return guards == null
                    ? call
                    : call.guardedBy(Expressions.any(guards).orElseThrow());
        }

        Slot wantedAlso(List<Expression> guard) {
            // What the call's own result decides cannot decide on the call.
            Optional<Expression> condition = Expressions.all(guard.stream()
                    .filter(part -> !part.references().contains(result))
                    .toList());
            if (guards == null || condition.isEmpty()) {
                return always();
            }
            List<Expression> either = new ArrayList<>(guards);
            if (guards.stream().noneMatch(known -> known.semanticEquals(condition.get()))) {
                either.add(condition.get());
            }
            return new Slot(call, result, either);
        }

        Slot always() {
            return new Slot(call, result, null);
        }
    }

    /** The expression with attributes in place of its calls. */
    Expression extract(Expression expression) {
        return extract(expression, List.of());
    }

    /** The child with nodes on it that make the calls taken out so far, those that others depend on further down. */
    LogicalPlan over(LogicalPlan child) {
        breakCycles();
        LogicalPlan plan = child;
        Set<Attribute> made = new HashSet<>();
        while (made.size() < slots.size()) {
            List<InferenceCall> calls = new ArrayList<>();
            List<Attribute> results = new ArrayList<>();
            for (Slot slot : slots.values()) {
                if (!made.contains(slot.result) && made.containsAll(dependencies(slot))) {
                    calls.add(slot.guardedCall());
                    results.add(slot.result);
                }
            }
            made.addAll(results);
            plan = InferencePlacement.over(plan, calls, results);
        }
        return plan;
    }

    /** {@code guard}: what all must hold for the expression to be evaluated; of any truth value but true: not evaluated. */
    private Expression extract(Expression expression, List<Expression> guard) {
        if (!Expressions.hasCall(expression)) {
            return expression;
        }
        if (expression instanceof InferenceCall call) {
            return call(call, guard);
        }
        if (expression instanceof If branch) {
            Expression predicate = extract(branch.predicate(), guard);
            return new If(
                    predicate,
                    extract(branch.trueValue(), with(guard, predicate)),
                    extract(branch.falseValue(), with(guard, isNot(predicate, true))));
        }
        if (expression instanceof CaseWhen caseWhen) {
            return caseWhen(caseWhen, guard);
        }
        if (expression instanceof Coalesce coalesce) {
            return coalesce(coalesce, guard);
        }
        if (expression instanceof And) {
            return connected(Expressions.conjuncts(expression), guard, false);
        }
        if (expression instanceof Or) {
            return connected(Expressions.disjuncts(expression), guard, true);
        }
        if (expression instanceof AggregateExpression aggregate
                && aggregate.filter().isDefined()) {
            Expression filter = extract(aggregate.filter().get(), guard);
            List<Expression> children = new ArrayList<>();
            children.add(extract(aggregate.aggregateFunction(), with(guard, filter)));
            children.add(filter);
            return aggregate.withNewChildren(Seqs.of(children));
        }
        return expression instanceof SubqueryExpression subquery
                ? subquery(subquery, guard)
                : mapChildren(expression, guard);
    }

    /** Calls over outer columns in the condition of the join that a subquery will become; it has to say what it reads. */
    private Expression subquery(SubqueryExpression expression, List<Expression> guard) {
        Expression extracted = mapChildren(expression, guard);
        if (extracted instanceof Exists exists) {
            return exists.withNewOuterAttrs(withResults(exists.outerAttrs(), exists));
        }
        return extracted instanceof ListQuery list
                ? list.withNewOuterAttrs(withResults(list.outerAttrs(), list))
                : extracted;
    }

    private Seq<Expression> withResults(Seq<Expression> outerColumns, Expression subquery) {
        List<Expression> read = new ArrayList<>(Seqs.<Expression>list(outerColumns));
        for (Slot slot : slots.values()) {
            if (Expressions.anyMatch(subquery, part -> part.equals(slot.result))) {
                read.add(slot.result);
            }
        }
        return Seqs.of(read);
    }

    private Expression call(InferenceCall call, List<Expression> guard) {
        InferenceCall flat = (InferenceCall) mapChildren(call, guard);
        return Expressions.hasCallInside(flat) || !isComputable(flat) ? flat : slot(flat, guard);
    }

    /** Whether the expression means the same below: it reads columns and results only, and nothing that is bound around it. */
    private boolean isComputable(Expression expression) {
        AttributeSet results = AttributeSet$.MODULE$.apply(Seqs.<Expression>of(
                slots.values().stream().map(slot -> slot.result).toList()));
        return Expressions.isComputableFrom(expression, columns.$plus$plus(results))
                && Expressions.isClosed(expression);
    }

    private Expression mapChildren(Expression expression, List<Expression> guard) {
        List<Expression> children = Seqs.<Expression>list(expression.children()).stream()
                .map(child -> extract(child, guard))
                .toList();
        return expression.withNewChildren(Seqs.of(children));
    }

    private Expression caseWhen(CaseWhen expression, List<Expression> guard) {
        List<Expression> children = new ArrayList<>();
        List<Expression> reached = guard;
        int numBranches = expression.branches().length();
        for (int branch = 0; branch < numBranches; branch++) {
            Expression condition = extract(expression.branches().apply(branch)._1(), reached);
            children.add(condition);
            children.add(extract(expression.branches().apply(branch)._2(), with(reached, condition)));
            reached = with(reached, isNot(condition, true));
        }
        if (expression.elseValue().isDefined()) {
            children.add(extract(expression.elseValue().get(), reached));
        }
        return expression.withNewChildren(Seqs.of(children));
    }

    private Expression coalesce(Coalesce expression, List<Expression> guard) {
        List<Expression> children = new ArrayList<>();
        List<Expression> reached = guard;
        for (Expression child : Seqs.<Expression>list(expression.children())) {
            Expression extracted = extract(child, reached);
            children.add(extracted);
            reached = with(reached, new IsNull(extracted));
        }
        return expression.withNewChildren(Seqs.of(children));
    }

    /** AND ({@code decides} false) and OR (true): parts without calls first, then each only while none has decided. */
    private Expression connected(List<Expression> parts, List<Expression> guard, boolean decides) {
        List<Expression> undecided = guard;
        for (Expression part : parts) {
            if (!Expressions.hasCall(part)) {
                undecided = with(undecided, isNot(part, decides));
            }
        }
        List<Expression> extracted = new ArrayList<>();
        for (Expression part : parts) {
            Expression result = extract(part, undecided);
            if (Expressions.hasCall(part)) {
                undecided = with(undecided, isNot(result, decides));
            }
            extracted.add(result);
        }
        return (decides ? Expressions.any(extracted) : Expressions.all(extracted)).orElseThrow();
    }

    private static Expression isNot(Expression condition, boolean value) {
        return new Not(new EqualNullSafe(condition, Literal$.MODULE$.apply(value)));
    }

    /** A condition that gives another value each time it is evaluated, or has none below, cannot be a guard. */
    private List<Expression> with(List<Expression> guard, Expression condition) {
        if (!condition.deterministic() || Expressions.hasCall(condition) || !isComputable(condition)) {
            return guard;
        }
        List<Expression> both = new ArrayList<>(guard);
        both.add(condition);
        return both;
    }

    private Expression slot(InferenceCall call, List<Expression> guard) {
        // Two calls that ask for something random each time are two calls, though they are written alike.
        Object key = call.deterministic() ? call.canonicalized() : new Object();
        Slot slot = slots.get(key);
        if (slot == null) {
            AttributeReference result = new AttributeReference(
                    // A name that no user's column has: it can be seen by ORDER BY in the DataFrame API.
                    call.function().sqlName() + "_result",
                    call.dataType(),
                    true,
                    Metadata.empty(),
                    NamedExpression$.MODULE$.newExprId(),
                    Seqs.of(List.of()));
            Optional<Expression> condition = Expressions.all(guard);
            slot = new Slot(call, result, condition.map(List::of).orElse(null));
        } else {
            slot = slot.wantedAlso(guard);
        }
        slots.put(key, slot);
        return slot.result;
    }

    private Set<Attribute> dependencies(Slot slot) {
        Set<Attribute> dependencies = new HashSet<>();
        for (Slot other : slots.values()) {
            if (slot.guardedCall().references().contains(other.result)) {
                dependencies.add(other.result);
            }
        }
        return dependencies;
    }

    /** Two calls may guard each other in different branches; one of them is then made for every row. */
    private void breakCycles() {
        for (Map.Entry<Object, Slot> entry : slots.entrySet()) {
            if (dependsOn(entry.getValue(), entry.getValue(), new HashSet<>())) {
                entry.setValue(entry.getValue().always());
            }
        }
    }

    private boolean dependsOn(Slot from, Slot target, Set<Attribute> visited) {
        Set<Attribute> dependencies = dependencies(from);
        if (dependencies.contains(target.result)) {
            return true;
        }
        return slots.values().stream()
                .filter(slot -> dependencies.contains(slot.result) && visited.add(slot.result))
                .anyMatch(slot -> dependsOn(slot, target, visited));
    }
}
