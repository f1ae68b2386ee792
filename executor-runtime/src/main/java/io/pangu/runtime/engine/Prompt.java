package io.pangu.runtime.engine;

import io.pangu.runtime.tokenizer.ChatMessage;
import java.util.List;

/** What a model is asked to go on from. */
public sealed interface Prompt {
    /** A text that is completed as it is; special tokens in it are plain text. */
    record Raw(String text) implements Prompt {}

    /**
     * A chat, rendered by the checkpoint's template.
     *
     * @param messages at least one, in order
     * @param begunAnswer what the assistant has said already; usually empty
     */
    record Chat(List<ChatMessage> messages, String begunAnswer) implements Prompt {
        public Chat {
            messages = List.copyOf(messages);
        }
    }

    /** One user turn. */
    static Prompt user(String text) {
        return new Chat(List.of(new ChatMessage("user", text)), "");
    }
}
