package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.jinja.Text;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Stands where a checkpoint that is no Pangu brings no template: raw texts work, chats do not. */
record MissingChatTemplate(Path directory) implements ChatTemplate {
    @Override
    public Text render(List<ChatMessage> messages) {
        throw new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                directory + " has no chat template and its vocabulary is not Pangu's; add chat_template to"
                        + " tokenizer_config.json, or send the prompt as raw text",
                Map.of("directory", directory.toString()),
                null);
    }
}
