package io.pangu.runtime.tokenizer.jinja;

import io.pangu.runtime.tokenizer.jinja.Expr.Inputs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Computes expressions. One thread. */
final class Evaluator {
    private final Budget budget;

    Evaluator(Budget budget) {
        this.budget = budget;
    }

    Object evaluate(Expr expression, Scope scope) {
        budget.enter();
        Object value = value(expression, scope);
        budget.leave();
        return value;
    }

    private Object value(Expr expression, Scope scope) {
        return switch (expression) {
            case Expr.Literal literal -> literal.value();
            case Expr.Name name -> scope.find(name.name());
            case Expr.ListOf list -> all(list.items(), scope);
            case Expr.TupleOf tuple -> new Tuple(all(tuple.items(), scope));
            case Expr.DictOf dict -> dict(dict, scope);
            case Expr.Attribute attribute -> Attributes.attribute(receiver(attribute.of(), scope), attribute.name());
            case Expr.Subscript subscript ->
                Attributes.item(receiver(subscript.of(), scope), evaluate(subscript.key(), scope));
            case Expr.Slice slice -> slice(slice, scope);
            case Expr.Call call -> call(evaluate(call.callee(), scope), arguments("the call", call.inputs(), scope));
            case Expr.Filter filter -> {
                Object of = made(evaluate(filter.of(), scope));
                yield made(Filters.apply(
                        filter.name(), of, arguments("filter '" + filter.name() + "'", filter.inputs(), scope)));
            }
            case Expr.Test test -> {
                Object of = made(evaluate(test.of(), scope));
                yield Tests.holds(test.name(), of, arguments("test '" + test.name() + "'", test.inputs(), scope));
            }
            case Expr.Not not -> !Values.isTrue(evaluate(not.of(), scope));
            case Expr.Negative negative -> Arithmetic.negative(evaluate(negative.of(), scope));
            case Expr.Positive positive -> Arithmetic.positive(evaluate(positive.of(), scope));
            case Expr.Binary binary ->
                made(Arithmetic.compute(
                        binary.operator(), evaluate(binary.left(), scope), evaluate(binary.right(), scope)));
            case Expr.And and -> {
                Object left = evaluate(and.left(), scope);
                yield Values.isTrue(left) ? evaluate(and.right(), scope) : left;
            }
            case Expr.Or or -> {
                Object left = evaluate(or.left(), scope);
                yield Values.isTrue(left) ? left : evaluate(or.right(), scope);
            }
            case Expr.Compare compare -> compare(compare, scope);
            case Expr.Conditional conditional -> {
                if (Values.isTrue(evaluate(conditional.condition(), scope))) {
                    yield evaluate(conditional.then(), scope);
                }
                Expr otherwise = conditional.otherwise();
                yield otherwise == null
                        ? new Undefined("the condition does not hold and has no 'else'")
                        : evaluate(otherwise, scope);
            }
        };
    }

    /** A method of a text may look through all of it. */
    private Object receiver(Expr expression, Scope scope) {
        Object value = evaluate(expression, scope);
        return value instanceof Text ? made(value) : value;
    }

    private Object made(Object value) {
        budget.passOver(value);
        return value;
    }

    private List<Object> all(List<Expr> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expr expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Map<Object, Object> dict(Expr.DictOf dict, Scope scope) {
        Map<Object, Object> entries = new LinkedHashMap<>();
        for (int i = 0; i < dict.keys().size(); i++) {
            Object key = Values.key(evaluate(dict.keys().get(i), scope));
            entries.put(key, evaluate(dict.values().get(i), scope));
        }
        return entries;
    }

    private Object slice(Expr.Slice slice, Scope scope) {
        Object of = evaluate(slice.of(), scope);
        Expr from = slice.from();
        Expr to = slice.to();
        Expr step = slice.step();
        return made(Slices.slice(
                of,
                from == null ? None.NONE : evaluate(from, scope),
                to == null ? None.NONE : evaluate(to, scope),
                step == null ? None.NONE : evaluate(step, scope)));
    }

    Arguments arguments(String of, Inputs inputs, Scope scope) {
        if (inputs.isEmpty()) {
            return new Arguments(of, List.of(), Map.of());
        }
        Map<String, Object> named = new LinkedHashMap<>();
        List<Object> positional = all(inputs.positional(), scope);
        inputs.named().forEach((name, expression) -> named.put(name, evaluate(expression, scope)));
        return new Arguments(of, positional, named);
    }

    Object call(Object callee, Arguments arguments) {
        return switch (callee) {
            case Callable callable -> made(callable.call(arguments));
            case Undefined undefined -> throw undefined.failure();
            default -> throw JinjaException.failed(Values.typeName(callee) + " cannot be called");
        };
    }

    private Object compare(Expr.Compare compare, Scope scope) {
        Object left = evaluate(compare.first(), scope);
        for (int i = 0; i < compare.operators().size(); i++) {
            Object right = evaluate(compare.operands().get(i), scope);
            budget.passOver(left);
            budget.passOver(right);
            if (!holds(compare.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private static boolean holds(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> Values.equal(left, right);
            case "!=" -> !Values.equal(left, right);
            case "<" -> Values.compare(left, right) < 0;
            case "<=" -> Values.compare(left, right) <= 0;
            case ">" -> Values.compare(left, right) > 0;
            case ">=" -> Values.compare(left, right) >= 0;
            case "in" -> Values.contains(right, left);
            default -> !Values.contains(right, left);
        };
    }
}
