package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.jinja.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The template of the Pangu family (model-spec 4.4): turns between {@code [unused9]} and {@code [unused10]}, role words in
 * Chinese with a full-width colon, an empty system turn first when there is none, no separators. BOS is not part of it.
 */
final class PanguChatTemplate implements ChatTemplate {
    static final String TURN_BEGIN = "[unused9]";
    static final String TURN_END = "[unused10]";
    static final String THINK_BEGIN = "[unused16]";
    static final String THINK_END = "[unused17]";

    private static final String COLON = "\uFF1A";
    private static final Map<String, String> ROLES =
            Map.of("system", "系统", "user", "用户", "assistant", "助手", "tool", "工具", "function", "方法");

    @Override
    public Text render(List<ChatMessage> messages) {
        List<Text> parts = new ArrayList<>();
        if (!messages.getFirst().role().equals("system")) {
            turn("system", "", parts);
        }
        for (ChatMessage message : messages) {
            turn(message.role(), message.content(), parts);
        }
        parts.add(Text.ofTemplate(TURN_BEGIN + ROLES.get("assistant") + COLON));
        return Text.concat(parts);
    }

    private static void turn(String role, String content, List<Text> parts) {
        String word = ROLES.get(role);
        if (word == null) {
            throw new EngineException(
                    ErrorCode.INVALID_PROMPT,
                    "a message has the role '" + role + "', which the Pangu chat template does not know; use one of "
                            + ROLES.keySet().stream().sorted().toList(),
                    Map.of("role", role),
                    null);
        }
        parts.add(Text.ofTemplate(TURN_BEGIN + word + COLON));
        parts.add(Text.ofUser(content));
        parts.add(Text.ofTemplate(TURN_END));
    }
}
