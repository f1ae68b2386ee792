package io.pangu.runtime.tokenizer;

import java.util.List;

/** Writes a chat as one text, special tokens literally, up to where the assistant's answer begins. Thread-safe. */
interface ChatTemplate {
    /**
     * The text of a chat.
     *
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_PROMPT} when it refuses the messages,
     *     {@code INVALID_CHECKPOINT} when it is broken
     */
    String render(List<ChatMessage> messages);
}
