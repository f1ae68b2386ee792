package io.pangu.runtime.tokenizer.jinja;

import java.util.List;

/** The variable {@code loop}: where a loop is. One thread. */
final class Loop {
    private final List<Object> items;
    private int index;
    private List<Object> lastSeen = List.of();

    Loop(List<Object> items) {
        this.items = items;
    }

    void goTo(int newIndex) {
        index = newIndex;
    }

    Object attribute(String name) {
        long size = items.size();
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> size - index;
            case "revindex0" -> size - index - 1;
            case "first" -> index == 0;
            case "last" -> index == size - 1;
            case "length" -> size;
            case "depth" -> 1L;
            case "depth0" -> 0L;
            case "previtem" -> index == 0 ? new Undefined("there is no previous item") : items.get(index - 1);
            case "nextitem" -> index + 1 == size ? new Undefined("there is no next item") : items.get(index + 1);
            case "cycle" -> (Callable) this::cycle;
            case "changed" -> (Callable) this::hasChanged;
            default -> new Undefined("the loop has no attribute '" + name + "'");
        };
    }

    private Object cycle(Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw JinjaException.failed("loop.cycle needs values");
        }
        return arguments.positional().get(index % arguments.positional().size());
    }

    private Object hasChanged(Arguments arguments) {
        boolean changed = index == 0 || !Values.equal(lastSeen, arguments.positional());
        lastSeen = arguments.positional();
        return changed;
    }
}
