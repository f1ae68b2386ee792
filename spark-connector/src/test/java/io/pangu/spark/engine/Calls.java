package io.pangu.spark.engine;

import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.ClassifyOptions;
import io.pangu.spark.request.EmbedOptions;
import io.pangu.spark.request.EngineRequest;
import io.pangu.spark.request.GenerationOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Calls for tests. */
final class Calls {
    static final GenerationOptions DEFAULTS = new GenerationOptions(
            256,
            0,
            1,
            0,
            0,
            1,
            0,
            0,
            Map.of(),
            OptionalLong.empty(),
            List.of(),
            Optional.empty(),
            false,
            0,
            false,
            false,
            OptionalLong.empty());

    private Calls() {}

    static EngineRequest.Generate user(String text) {
        return new EngineRequest.Generate(List.of(new ChatTurn("user", text)), DEFAULTS);
    }

    static EngineRequest.Generate user(String text, GenerationOptions options) {
        return new EngineRequest.Generate(List.of(new ChatTurn("user", text)), options);
    }

    /** Every option away from its default. */
    static GenerationOptions everything() {
        return new GenerationOptions(
                5,
                0.5,
                0.9,
                40,
                0.05,
                1.1,
                0.2,
                0.3,
                Map.of(7, -1.0, 9, 2.0),
                OptionalLong.of(11),
                List.of("\n", "END"),
                Optional.of("Be brief."),
                true,
                1,
                false,
                true,
                OptionalLong.of(1500));
    }

    static GenerationOptions raw(Optional<String> systemPrompt) {
        return new GenerationOptions(
                5,
                0,
                1,
                0,
                0,
                1,
                0,
                0,
                Map.of(),
                OptionalLong.empty(),
                List.of(),
                systemPrompt,
                false,
                0,
                true,
                false,
                OptionalLong.empty());
    }

    static GenerationOptions biased(Map<Integer, Double> logitBias) {
        return new GenerationOptions(
                5,
                1,
                1,
                0,
                0,
                1,
                0,
                0,
                logitBias,
                OptionalLong.empty(),
                List.of(),
                Optional.empty(),
                false,
                0,
                false,
                false,
                OptionalLong.empty());
    }

    static EngineRequest.Classify classify(ClassifyOptions options) {
        return new EngineRequest.Classify("so good", List.of("positive", "negative"), options);
    }

    static EngineRequest.Embed embed(EmbedOptions options) {
        return new EngineRequest.Embed("a text", options);
    }
}
