package io.pangu.spark.request;

import java.util.List;

/** One row's call to the model. */
public sealed interface EngineRequest {
    /**
     * A completion.
     *
     * @param turns the chat; with {@code options.raw()}, one turn whose content is the text itself
     */
    record Generate(List<ChatTurn> turns, GenerationOptions options) implements EngineRequest {
        public Generate {
            turns = List.copyOf(turns);
        }
    }

    /** A label for a text. */
    record Classify(String text, List<String> labels, ClassifyOptions options) implements EngineRequest {
        public Classify {
            labels = List.copyOf(labels);
        }
    }

    /** A text's vector. */
    record Embed(String text, EmbedOptions options) implements EngineRequest {}
}
