package io.pangu.spark.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.request.EngineReply.LabelScore;
import io.pangu.spark.request.EngineReply.TokenLogprob;
import io.pangu.spark.request.EngineReply.TokenUsage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Requests and replies are values: what was put into them may change afterwards without changing them. */
class RequestsTest {
    @Test
    void ofCompletionsKeepTheirTurnsAndOptions() {
        List<ChatTurn> turns = new ArrayList<>(List.of(new ChatTurn("user", "a")));
        Map<Integer, Double> bias = new HashMap<>(Map.of(1, 2.0));
        List<String> stop = new ArrayList<>(List.of("END"));
        EngineRequest.Generate request = new EngineRequest.Generate(turns, options(bias, stop));

        turns.clear();
        bias.clear();
        stop.clear();

        assertThat(request.turns()).containsExactly(new ChatTurn("user", "a"));
        assertThat(request.options()).isEqualTo(options(Map.of(1, 2.0), List.of("END")));
    }

    @Test
    void ofLabelsKeepTheirLabels() {
        List<String> labels = new ArrayList<>(List.of("x", "y"));
        EngineRequest.Classify request = new EngineRequest.Classify(
                "a", labels, new ClassifyOptions(Optional.empty(), "", false, false, OptionalLong.empty()));

        labels.remove(0);

        assertThat(request.labels()).containsExactly("x", "y");
    }

    @Test
    void areAnsweredByRepliesThatKeepTheirTokensAndScores() {
        List<TokenLogprob> tokens = new ArrayList<>(List.of(new TokenLogprob("a", -1)));
        List<LabelScore> scores = new ArrayList<>(List.of(new LabelScore("x", -1, 0.5)));
        EngineReply.Generated generated =
                new EngineReply.Generated("a", Optional.empty(), "stop", tokens, 1, TokenUsage.NONE);
        EngineReply.Classified classified = new EngineReply.Classified("x", scores, TokenUsage.NONE);

        tokens.clear();
        scores.clear();

        assertThat(generated.tokens()).hasSize(1);
        assertThat(classified.scores()).hasSize(1);
    }

    @Test
    void thatFailCostNoTokens() {
        assertThat(new EngineReply.Failed("TIMEOUT", "why", true).usage()).isEqualTo(new TokenUsage(0, 0, 0));
    }

    private static GenerationOptions options(Map<Integer, Double> bias, List<String> stop) {
        return new GenerationOptions(
                5,
                0,
                1,
                0,
                0,
                1,
                0,
                0,
                bias,
                OptionalLong.empty(),
                stop,
                Optional.empty(),
                false,
                0,
                false,
                false,
                OptionalLong.empty());
    }
}
