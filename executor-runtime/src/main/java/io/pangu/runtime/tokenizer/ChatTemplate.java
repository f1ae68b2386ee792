package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.jinja.Text;
import java.util.List;

/** Writes a chat as one text, special tokens literally, up to where the assistant's answer begins. Thread-safe. */
interface ChatTemplate {
    /**
     * The text of a chat, which knows what of it users wrote: only in the rest do special tokens stand for themselves.
     *
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_PROMPT} when it refuses the messages,
     *     {@code INVALID_CHECKPOINT} when it is broken
     */
    Text render(List<ChatMessage> messages);
}
