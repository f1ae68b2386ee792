package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.InertText.Extent;
import java.util.ArrayList;
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
    private final InertText inert;

    CheckpointPromptEncoder(BpeTokenizer tokenizer, ChatTemplate template, Rules rules) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.rules = rules;
        this.inert = new InertText(tokenizer.addedTokens().stream()
                .filter(AddedToken::isSpecial)
                .map(AddedToken::content)
                .toList());
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
        List<String> texts = new ArrayList<>(List.of(begunAnswer));
        for (ChatMessage message : messages) {
            texts.add(message.role());
            texts.add(message.content());
        }
        String mark = inert.mark(texts);
        String text = render(messages, mark) + inert.breakUp(begunAnswer, mark, Extent.EVERY_BEGINNING);
        int[] ids = tokenizer.encodeMarked(text, mark);
        boolean lacksBos = rules.chatBos() == ChatBos.ENSURED
                && (ids.length == 0 || ids[0] != rules.bosId().orElse(-1));
        return lacksBos ? withBos(ids) : ids;
    }

    /**
     * The chat's text with breaks in what users wrote. Breaks that change what a template makes of a message, because it
     * looks for something there, are reduced to the ones that cannot be spared.
     */
    private String render(List<ChatMessage> messages, String mark) {
        List<ChatMessage> broken = broken(messages, mark, Extent.EVERY_BEGINNING);
        String text = template.render(broken);
        if (broken.equals(messages)) {
            return text;
        }
        boolean isFaithful = text.replace(mark, "").equals(template.render(messages));
        return isFaithful ? text : template.render(broken(messages, mark, Extent.WHOLE_TOKENS));
    }

    private List<ChatMessage> broken(List<ChatMessage> messages, String mark, Extent extent) {
        return messages.stream()
                .map(message -> new ChatMessage(
                        inert.breakUp(message.role(), mark, extent), inert.breakUp(message.content(), mark, extent)))
                .toList();
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
