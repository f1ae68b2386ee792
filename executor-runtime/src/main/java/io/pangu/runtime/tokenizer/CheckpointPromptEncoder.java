package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.jinja.Text;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** A checkpoint's tokenizer, template and rules. */
final class CheckpointPromptEncoder implements PromptEncoder {
    /** Whether a chat's text gets a BOS that the template did not write. */
    enum ChatBos {
        /** If the template wrote none. */
        ENSURED,
        /** What the template writes is all. */
        TEMPLATE_ALONE
    }

    /** What a checkpoint says beside its vocabulary. */
    record Rules(
            OptionalInt bosId,
            int rawBosCount,
            ChatBos chatBos,
            Optional<ThinkingTokens> thinkingTokens,
            List<Integer> endOfTurnIds) {}

    private final BpeTokenizer tokenizer;
    private final ChatTemplate template;
    private final Rules rules;

    CheckpointPromptEncoder(BpeTokenizer tokenizer, ChatTemplate template, Rules rules) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.rules = rules;
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public int[] encodeChat(List<ChatMessage> messages, String begunAnswer) {
        if (messages.isEmpty()) {
            throw new EngineException(
                    ErrorCode.INVALID_PROMPT, "a chat needs at least one message; send one with the role 'user'");
        }
        Text text = Text.concat(List.of(template.render(messages), Text.ofUser(begunAnswer)));
        int[] ids = tokenizer.encodeTemplated(text);
        boolean lacksBos = rules.chatBos() == ChatBos.ENSURED
                && (ids.length == 0 || ids[0] != rules.bosId().orElse(-1));
        return lacksBos ? withBos(ids) : ids;
    }

    @Override
    public int[] encodeRaw(String text) {
        int[] ids = tokenizer.encode(text);
        return rules.rawBosCount() == 0 ? ids : withBos(ids);
    }

    private int[] withBos(int[] ids) {
        return rules.bosId().isEmpty()
                ? ids
                : IntStream.concat(IntStream.of(rules.bosId().getAsInt()), IntStream.of(ids))
                        .toArray();
    }

    @Override
    public int rawBosCount() {
        return rules.rawBosCount();
    }

    @Override
    public Optional<ThinkingTokens> thinkingTokens() {
        return rules.thinkingTokens();
    }

    @Override
    public List<Integer> endOfTurnIds() {
        return rules.endOfTurnIds();
    }
}
