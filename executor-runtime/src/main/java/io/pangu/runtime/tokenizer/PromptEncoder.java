package io.pangu.runtime.tokenizer;

import java.util.List;
import java.util.Optional;

/** A checkpoint's tokenizer together with its chat template and its BOS rule. Immutable and thread-safe. */
public interface PromptEncoder {
    Tokenizer tokenizer();

    /**
     * Ids of a chat rendered by the checkpoint's template (Pangu's own when it has none) up to where the assistant's answer
     * begins. Special tokens come from the template alone, never from a message. BOS as the checkpoint says, at most once.
     *
     * @param messages at least one
     * @param begunAnswer text that the assistant's answer starts with, already said; may be empty
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_PROMPT} when the template refuses the messages
     */
    int[] encodeChat(List<ChatMessage> messages, String begunAnswer);

    /** Ids of a text as it is, special tokens in it plain text; BOS first if the checkpoint says so. */
    int[] encodeRaw(String text);

    /** Number of BOS tokens that {@link #encodeRaw} puts first: 0 or 1. */
    int rawBosCount();

    /** The tokens between which the model thinks, if it has them. */
    Optional<ThinkingTokens> thinkingTokens();

    /** Ids that end an assistant's turn according to the tokenizer's files, beside those of the config. */
    List<Integer> endOfTurnIds();

    /** The ids around a model's reasoning part. */
    record ThinkingTokens(int beginId, int endId) {}
}
