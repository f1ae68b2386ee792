package io.pangu.runtime.tokenizer.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template; {@code line} is where it stands. */
sealed interface Node {
    int line();

    record Data(Text text, int line) implements Node {}

    record Print(Expr value, int line) implements Node {}

    record If(List<Branch> branches, List<Node> otherwise, int line) implements Node {}

    record Branch(Expr condition, List<Node> body) {}

    record For(Target target, Expr items, @Nullable Expr test, List<Node> body, List<Node> otherwise, int line)
            implements Node {}

    record Assign(Target target, Expr value, int line) implements Node {}

    /** The body's text under a name; {@code value} is made of it, which it finds as {@link #CAPTURED}. */
    record AssignBlock(Target target, Expr value, List<Node> body, int line) implements Node {}

    record MacroBlock(String name, Parameters parameters, List<Node> body, int line) implements Node {}

    /** A call whose callee can have the body written by {@code caller()}. */
    record CallBlock(Parameters parameters, Expr.Call call, List<Node> body, int line) implements Node {}

    record FilterBlock(Expr value, List<Node> body, int line) implements Node {}

    record With(List<Target> targets, List<Expr> values, List<Node> body, int line) implements Node {}

    record Break(int line) implements Node {}

    record Continue(int line) implements Node {}

    /** Names of a macro's inputs, and what those at the end are when they are not given. */
    record Parameters(List<String> names, List<Expr> defaults) {}

    /** Where a value goes. */
    sealed interface Target {}

    record NameTarget(String name) implements Target {}

    record TupleTarget(List<Target> parts) implements Target {}

    /** {@code name.attribute} of a namespace. */
    record NamespaceTarget(String name, String attribute) implements Target {}

    /** A name that no template can write. */
    String CAPTURED = "{captured}";
}
