package io.pangu.runtime.tokenizer.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of a template. */
sealed interface Expr {
    /** A number, text, truth value or none. */
    record Literal(Object value) implements Expr {}

    record Name(String name) implements Expr {}

    record ListOf(List<Expr> items) implements Expr {}

    record TupleOf(List<Expr> items) implements Expr {}

    record DictOf(List<Expr> keys, List<Expr> values) implements Expr {}

    /** {@code of.name}. */
    record Attribute(Expr of, String name) implements Expr {}

    /** {@code of[key]}. */
    record Subscript(Expr of, Expr key) implements Expr {}

    /** {@code of[from:to:step]}. */
    record Slice(
            Expr of,
            @Nullable Expr from,
            @Nullable Expr to,
            @Nullable Expr step) implements Expr {}

    record Call(Expr callee, Inputs inputs) implements Expr {}

    /** {@code of | name(inputs)}. */
    record Filter(Expr of, String name, Inputs inputs) implements Expr {}

    /** {@code of is name(inputs)}. */
    record Test(Expr of, String name, Inputs inputs) implements Expr {}

    record Not(Expr of) implements Expr {}

    record Negative(Expr of) implements Expr {}

    record Positive(Expr of) implements Expr {}

    /** Arithmetic and {@code ~}. */
    record Binary(String operator, Expr left, Expr right) implements Expr {}

    record And(Expr left, Expr right) implements Expr {}

    record Or(Expr left, Expr right) implements Expr {}

    /** {@code first < second <= third}: each operator stands before the operand of its index. */
    record Compare(Expr first, List<String> operators, List<Expr> operands) implements Expr {}

    record Conditional(Expr condition, Expr then, @Nullable Expr otherwise) implements Expr {}

    /** What is handed to a call, a filter or a test. */
    record Inputs(List<Expr> positional, Map<String, Expr> named) {
        static final Inputs NONE = new Inputs(List.of(), Map.of());

        boolean isEmpty() {
            return positional.isEmpty() && named.isEmpty();
        }
    }
}
