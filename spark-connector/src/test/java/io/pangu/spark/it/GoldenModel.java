package io.pangu.spark.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.engine.Completion;
import io.pangu.runtime.engine.GenerateRequest;
import io.pangu.runtime.engine.InferenceEngine;
import io.pangu.runtime.engine.InferenceEngines;
import io.pangu.runtime.engine.PendingResult;
import io.pangu.runtime.engine.Prompt;
import io.pangu.runtime.tokenizer.ChatMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** The golden checkpoint with a chat template, its answers as the independent reference gave them. */
final class GoldenModel {
    /** Where it lies. */
    static final Path DIRECTORY = Path.of(
                    Objects.requireNonNull(System.getProperty("pangu.golden"), "pangu.golden is not set"))
            .toAbsolutePath()
            .normalize();

    private GoldenModel() {}

    /**
     * A chat and its answer.
     *
     * @param turns rows of role and content
     * @param maxTokens for which the answer holds
     * @param numPromptTokens of the rendered chat
     * @param numCompletionTokens of the answer
     */
    record Chat(List<Row> turns, String answer, int maxTokens, int numPromptTokens, int numCompletionTokens) {}

    /** The reference's chats, all of the same {@code maxTokens}. */
    static List<Chat> chats() {
        List<Chat> chats = new ArrayList<>();
        try {
            JsonNode file =
                    new ObjectMapper().readTree(DIRECTORY.resolve("chat.json").toFile());
            for (JsonNode chat : file.get("chats")) {
                List<Row> turns = new ArrayList<>();
                for (JsonNode message : chat.get("messages")) {
                    turns.add(RowFactory.create(
                            message.get("role").asText(), message.get("content").asText()));
                }
                chats.add(new Chat(
                        turns,
                        chat.get("text").asText(),
                        chat.get("max_tokens").asInt(),
                        chat.get("ids").size(),
                        chat.get("greedy").size()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return chats;
    }

    /** What one engine in this process, with one thread and none of Spark, completes these user turns with. */
    static List<String> completions(List<String> prompts, int maxTokens) {
        EngineConfig config = EngineConfig.of(DIRECTORY.toString()).withCpu(1, "auto");
        try (InferenceEngine engine = InferenceEngines.open(config)) {
            List<PendingResult<Completion>> pending = new ArrayList<>();
            for (String prompt : prompts) {
                pending.add(engine.generate(GenerateRequest.greedy(
                        new Prompt.Chat(List.of(new ChatMessage("user", prompt)), ""), maxTokens)));
            }
            return pending.stream().map(result -> result.future().join().text()).toList();
        }
    }
}
