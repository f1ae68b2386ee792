package io.pangu.runtime.tokenizer.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;

/**
 * A chat template in Jinja, with the settings of Hugging Face's {@code apply_chat_template}. It reaches nothing but its
 * variables, and its work is bounded. Immutable and thread-safe.
 */
public final class JinjaTemplate {
    /** Python's {@code None}, for a variable that exists and says nothing. */
    public static final Object NOTHING = None.NONE;

    private static final int MAX_CHARS = 1 << 20;

    private final List<Node> nodes;
    private final Clock clock;

    private JinjaTemplate(List<Node> nodes, Clock clock) {
        this.nodes = nodes;
        this.clock = clock;
    }

    /**
     * Reads a template.
     *
     * @param clock for {@code strftime_now}
     * @throws JinjaException {@code SYNTAX} when it is none, or uses a tag, filter or test that does not exist here
     */
    public static JinjaTemplate parse(String source, Clock clock) {
        if (source.length() > MAX_CHARS) {
            throw JinjaException.syntax("the template has more than " + MAX_CHARS + " characters", 1);
        }
        return new JinjaTemplate(TemplateParser.parse(source), clock);
    }

    /**
     * Writes its text.
     *
     * @param variables by name: {@link Text}, String (as the template's own text), Boolean, Integer, List and Map of these
     * @throws JinjaException {@code RAISED} when it refuses the variables, {@code FAILED} or {@code LIMIT} when it cannot
     *     be carried out
     */
    public Text render(Map<String, ?> variables) {
        Scope scope = new Scope(Globals.scope(clock));
        long numItems = 0;
        long numChars = 0;
        for (Map.Entry<String, ?> variable : variables.entrySet()) {
            Object value = Values.of(variable.getValue());
            scope.put(variable.getKey(), value);
            numItems += size(value, false);
            numChars += size(value, true);
        }
        return new Renderer(new Budget(numItems, numChars)).render(nodes, scope);
    }

    private static long size(Object value, boolean inChars) {
        return switch (value) {
            case Text text -> inChars ? text.length() : 1;
            case List<?> list ->
                list.stream().mapToLong(item -> size(item, inChars)).sum();
            case Map<?, ?> map ->
                map.values().stream().mapToLong(item -> size(item, inChars)).sum();
            default -> inChars ? 0 : 1;
        };
    }
}
