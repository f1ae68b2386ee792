package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.jinja.JinjaException;
import io.pangu.runtime.tokenizer.jinja.JinjaTemplate;
import io.pangu.runtime.tokenizer.jinja.Text;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint's own template, rendered as {@code apply_chat_template} does with {@code add_generation_prompt}: special tokens
 * by role, no tools, no documents.
 */
final class JinjaChatTemplate implements ChatTemplate {
    private final Path file;
    private final JinjaTemplate template;
    private final Map<String, Object> constants;

    /**
     * Reads a template.
     *
     * @param tokens what it finds as {@code bos_token} and so on
     * @throws EngineException {@code INVALID_CHECKPOINT} with file and line when it is no Jinja
     */
    JinjaChatTemplate(TokenizerConfig.Template source, Map<String, Object> tokens, Clock clock) {
        this.file = source.file();
        Map<String, Object> variables = new HashMap<>(tokens);
        variables.put("add_generation_prompt", true);
        variables.put("tools", JinjaTemplate.NOTHING);
        variables.put("documents", JinjaTemplate.NOTHING);
        this.constants = Map.copyOf(variables);
        try {
            this.template = JinjaTemplate.parse(source.source(), clock);
        } catch (JinjaException e) {
            throw broken(e, "; mend it, or take it away to send raw text only");
        }
    }

    @Override
    public Text render(List<ChatMessage> messages) {
        List<Map<String, Text>> turns = messages.stream()
                .map(message -> Map.of("role", Text.ofUser(message.role()), "content", Text.ofUser(message.content())))
                .toList();
        Map<String, Object> variables = new HashMap<>(constants);
        variables.put("messages", turns);
        try {
            return template.render(variables);
        } catch (JinjaException e) {
            throw switch (e.kind()) {
                case RAISED ->
                    new EngineException(
                            ErrorCode.INVALID_PROMPT,
                            "the checkpoint's chat template refuses the messages: " + e.problem() + " (" + place(e)
                                    + "); change their roles or order, or send raw text",
                            context(e),
                            e);
                case LIMIT ->
                    new EngineException(
                            ErrorCode.INVALID_PROMPT,
                            place(e) + " " + e.problem() + "; send fewer or shorter messages, or mend the template",
                            context(e),
                            e);
                default -> broken(e, "; mend the template, or change the roles or order of the messages");
            };
        }
    }

    private EngineException broken(JinjaException e, String remedy) {
        return new EngineException(ErrorCode.INVALID_CHECKPOINT, place(e) + ": " + e.problem() + remedy, context(e), e);
    }

    private String place(JinjaException e) {
        String name = String.valueOf(file.getFileName());
        return name.endsWith(".jinja") ? name + ", line " + e.line() : name + ": chat_template, line " + e.line();
    }

    private Map<String, String> context(JinjaException e) {
        return Map.of("file", file.toString(), "line", Integer.toString(e.line()));
    }
}
