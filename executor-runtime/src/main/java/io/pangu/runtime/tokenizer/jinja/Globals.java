package io.pangu.runtime.tokenizer.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that a chat template finds: those of Jinja that need nothing from outside, and Hugging Face's own. */
final class Globals {
    private static final int MAX_RANGE = 100_000;

    private Globals() {}

    static Scope scope(Clock clock) {
        Scope scope = new Scope(null);
        scope.put("range", (Callable) Globals::range);
        scope.put("dict", (Callable) Globals::dict);
        scope.put("namespace", (Callable) Globals::namespace);
        scope.put("raise_exception", (Callable) arguments -> {
            Text message = Printer.text(arguments.required(0, "message"));
            throw new JinjaException(JinjaException.Kind.RAISED, message.value(), 0);
        });
        scope.put("strftime_now", (Callable) arguments ->
                Text.ofTemplate(Dates.format(arguments.text(0, "format").value(), clock)));
        return scope;
    }

    private static Object range(Arguments in) {
        in.atMost(3);
        long first = in.positional().size() < 2 ? 0 : in.integer(0, "start", 0);
        in.required(0, "stop");
        long end = in.integer(in.positional().size() < 2 ? 0 : 1, "stop", 0);
        long step = in.integer(2, "step", 1);
        if (step == 0) {
            throw JinjaException.failed("range() has the step 0");
        }
        List<Object> items = new ArrayList<>();
        for (long i = first; step > 0 ? i < end : i > end; i += step) {
            if (items.size() == MAX_RANGE) {
                throw JinjaException.limit("makes a range of more than " + MAX_RANGE + " numbers");
            }
            items.add(i);
        }
        return items;
    }

    private static Object dict(Arguments in) {
        Map<Object, Object> entries = new LinkedHashMap<>();
        if (in.find(0, "") instanceof Map<?, ?> map) {
            entries.putAll(map);
        }
        in.named().forEach((name, value) -> entries.put(Text.ofTemplate(name), value));
        return entries;
    }

    private static Object namespace(Arguments in) {
        Namespace namespace = new Namespace();
        if (in.find(0, "") instanceof Map<?, ?> map) {
            map.forEach((name, value) -> namespace.put(Printer.text(name).value(), value));
        }
        in.named().forEach(namespace::put);
        return namespace;
    }
}
