package io.pangu.runtime.tokenizer.jinja;

import java.util.List;

/** A macro, or the body of a call: text written when it is called, with names for its inputs. One thread. */
final class Macro implements Callable {
    private final String name;
    private final Node.Parameters parameters;
    private final List<Node> body;
    private final Scope scope;
    private final Renderer renderer;

    Macro(String name, Node.Parameters parameters, List<Node> body, Scope scope, Renderer renderer) {
        this.name = name;
        this.parameters = parameters;
        this.body = body;
        this.scope = scope;
        this.renderer = renderer;
    }

    @Override
    public Object call(Arguments arguments) {
        List<String> names = parameters.names();
        String[] allowed = java.util.stream.Stream.concat(names.stream(), java.util.stream.Stream.of("caller"))
                .toArray(String[]::new);
        Arguments in = new Arguments("'" + name + "'", arguments.positional(), arguments.named())
                .atMost(names.size(), allowed);
        Scope inner = new Scope(scope);
        int firstDefault = names.size() - parameters.defaults().size();
        for (int i = 0; i < names.size(); i++) {
            Object given = in.find(i, names.get(i));
            if (given == null) {
                given = i < firstDefault
                        ? new Undefined("'" + name + "' was called without '" + names.get(i) + "'")
                        : renderer.evaluate(parameters.defaults().get(i - firstDefault), inner);
            }
            inner.put(names.get(i), given);
        }
        Object caller = in.named().get("caller");
        if (caller != null) {
            inner.put("caller", caller);
        }
        return renderer.text(body, inner);
    }
}
