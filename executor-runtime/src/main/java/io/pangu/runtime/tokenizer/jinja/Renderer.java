package io.pangu.runtime.tokenizer.jinja;

import io.pangu.runtime.tokenizer.jinja.Node.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Writes the text of statements. One use. */
final class Renderer {
    private final Budget budget;
    private final Evaluator evaluator;
    private int line = 1;

    /** What comes after a statement. */
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    Renderer(Budget budget) {
        this.budget = budget;
        this.evaluator = new Evaluator(budget);
    }

    /** The text of a template; errors have the line of the statement that they came up in. */
    Text render(List<Node> nodes, Scope scope) {
        try {
            return text(nodes, scope);
        } catch (JinjaException e) {
            throw e.at(line);
        }
    }

    Text text(List<Node> nodes, Scope scope) {
        TextBuilder out = new TextBuilder();
        run(nodes, scope, out);
        return out.build();
    }

    Object evaluate(Expr expression, Scope scope) {
        return evaluator.evaluate(expression, scope);
    }

    private Flow run(List<Node> nodes, Scope scope, TextBuilder out) {
        for (Node node : nodes) {
            line = node.line();
            budget.enter();
            Flow flow = run(node, scope, out);
            budget.leave();
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Node node, Scope scope, TextBuilder out) {
        switch (node) {
            case Node.Data data -> out.append(data.text());
            case Node.Print print -> write(Printer.text(evaluate(print.value(), scope)), out);
            case Node.If branches -> {
                return branch(branches, scope, out);
            }
            case Node.For loop -> loop(loop, scope, out);
            case Node.Assign assign -> assign(assign.target(), evaluate(assign.value(), scope), scope);
            case Node.AssignBlock block -> assign(block.target(), captured(block.value(), block.body(), scope), scope);
            case Node.FilterBlock block -> write(Printer.text(captured(block.value(), block.body(), scope)), out);
            case Node.MacroBlock macro ->
                scope.put(macro.name(), new Macro(macro.name(), macro.parameters(), macro.body(), scope, this));
            case Node.CallBlock block -> call(block, scope, out);
            case Node.With with -> {
                Scope inner = new Scope(scope);
                for (int i = 0; i < with.targets().size(); i++) {
                    assign(with.targets().get(i), evaluate(with.values().get(i), scope), inner);
                }
                return run(with.body(), inner, out);
            }
            case Node.Break stop -> {
                return Flow.BREAK;
            }
            case Node.Continue next -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private void write(Text text, TextBuilder out) {
        budget.passOver(text);
        out.append(text);
    }

    private Flow branch(Node.If branches, Scope scope, TextBuilder out) {
        for (Node.Branch branch : branches.branches()) {
            if (Values.isTrue(evaluate(branch.condition(), scope))) {
                return run(branch.body(), scope, out);
            }
        }
        return run(branches.otherwise(), scope, out);
    }

    private void loop(Node.For node, Scope scope, TextBuilder out) {
        List<Object> items = items(node, scope);
        Loop loop = new Loop(items);
        boolean reachedEnd = false;
        for (int i = 0; i < items.size(); i++) {
            budget.step();
            loop.goTo(i);
            Scope inner = new Scope(scope);
            inner.put("loop", loop);
            assign(node.target(), items.get(i), inner);
            Flow flow = run(node.body(), inner, out);
            reachedEnd |= flow == Flow.NEXT;
            if (flow == Flow.BREAK) {
                break;
            }
        }
        // As Jinja has it: a loop whose every round was left early counts as empty.
        if (!reachedEnd) {
            run(node.otherwise(), new Scope(scope), out);
        }
    }

    /** What is looped over; a condition is tested before the loop counts. */
    private List<Object> items(Node.For node, Scope scope) {
        Object value = evaluate(node.items(), scope);
        budget.passOver(value);
        List<Object> items = Values.items(value);
        Expr test = node.test();
        if (test == null) {
            return items;
        }
        List<Object> kept = new ArrayList<>();
        for (Object item : items) {
            Scope inner = new Scope(scope);
            assign(node.target(), item, inner);
            if (Values.isTrue(evaluate(test, inner))) {
                kept.add(item);
            }
        }
        return kept;
    }

    private Object captured(Expr value, List<Node> body, Scope scope) {
        Scope inner = new Scope(scope);
        inner.put(Node.CAPTURED, text(body, new Scope(scope)));
        return evaluate(value, inner);
    }

    private void call(Node.CallBlock block, Scope scope, TextBuilder out) {
        Arguments given = evaluator.arguments("the call", block.call().inputs(), scope);
        Map<String, Object> named = new HashMap<>(given.named());
        named.put("caller", new Macro("caller", block.parameters(), block.body(), scope, this));
        Object callee = evaluate(block.call().callee(), scope);
        write(Printer.text(evaluator.call(callee, new Arguments(given.of(), given.positional(), named))), out);
    }

    private void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Node.NameTarget name -> scope.put(name.name(), value);
            case Node.TupleTarget tuple -> {
                List<Object> items = Values.items(value);
                if (items.size() != tuple.parts().size()) {
                    throw JinjaException.failed("cannot assign " + items.size() + " values to "
                            + tuple.parts().size() + " names");
                }
                for (int i = 0; i < items.size(); i++) {
                    assign(tuple.parts().get(i), items.get(i), scope);
                }
            }
            case Node.NamespaceTarget attribute -> {
                if (!(scope.find(attribute.name()) instanceof Namespace namespace)) {
                    throw JinjaException.failed(
                            "'" + attribute.name() + "' is no namespace; only those have attributes to assign");
                }
                namespace.put(attribute.attribute(), value);
            }
        }
    }
}
