package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.engine.Completion;
import io.pangu.runtime.engine.GenerateRequest;
import io.pangu.runtime.engine.InferenceEngine;
import io.pangu.runtime.engine.InferenceEngines;
import io.pangu.runtime.engine.PendingResult;
import io.pangu.runtime.engine.Prompt;
import io.pangu.runtime.engine.ScoreRequest;
import io.pangu.runtime.engine.Scores;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The real demo model against the independent reference, on both kinds of kernels. Runs where {@code ./examples/demo.sh} has
 * left the model, which takes a download: {@code mvn -Pslow -pl examples -am test -Dtest=DemoModelAnswersTest}.
 */
@Tag("slow")
class DemoModelAnswersTest {
    private static final Path MODEL = Path.of("../.demo/smollm2-moge");

    /** Below this distance of the two best logits, rounding may choose either. */
    private static final double NEAR_TIE = 0.15;

    private static InferenceEngine engine(String kernels) {
        Assumptions.assumeTrue(
                Files.exists(MODEL.resolve("pangu-demo.json")), "no demo model; ./examples/demo.sh makes it");
        return InferenceEngines.open(EngineConfig.of(MODEL.toString())
                .withBackend("cpu")
                .withCpu(0, kernels)
                .withLimits(1024, 0, 0, 0));
    }

    private static JsonNode golden(String name) throws IOException {
        try (InputStream in = DemoModelAnswersTest.class.getResourceAsStream("/golden/demo/" + name)) {
            return new ObjectMapper().readTree(in);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "vector"})
    void answersThePromptsAsTheReferenceDoes(String kernels) throws IOException {
        JsonNode golden = golden("prompts.json");
        int maxTokens = golden.get("max_tokens").asInt();
        try (InferenceEngine engine = engine(kernels)) {
            List<PendingResult<Completion>> answers = new ArrayList<>();
            for (JsonNode each : golden.get("cases")) {
                answers.add(engine.generate(
                        GenerateRequest.greedy(Prompt.user(each.get("prompt").asText()), maxTokens)));
            }
            int exact = 0;
            for (int i = 0; i < answers.size(); i++) {
                JsonNode each = golden.get("cases").get(i);
                Completion answer = answers.get(i).future().join();
                assertThat(answer.usage().promptTokens())
                        .as(each.get("prompt").asText())
                        .isEqualTo(each.get("prompt_ids").size());
                List<Integer> greedy = new ArrayList<>();
                each.get("greedy").forEach(id -> greedy.add(id.asInt()));
                if (each.get("min_gap").asDouble() >= NEAR_TIE) {
                    assertThat(answer.tokenIds()).isEqualTo(greedy);
                    assertThat(answer.text()).isEqualTo(each.get("text").asText());
                    exact++;
                } else {
                    // An open question has no word that its answer must have.
                    assertThat(answer.text())
                            .containsPattern(each.get("must_contain").asText("\\S"));
                }
            }
            assertThat(exact).isEqualTo(16);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "vector"})
    void scoresTheLabelsAsTheReferenceDoes(String kernels) throws IOException {
        JsonNode golden = golden("sentiment.json");
        List<String> continuations = new ArrayList<>();
        golden.get("continuations").forEach(each -> continuations.add(each.asText()));
        try (InferenceEngine engine = engine(kernels)) {
            List<PendingResult<Scores>> scores = new ArrayList<>();
            for (JsonNode row : golden.get("rows")) {
                String text = golden.get("prompt")
                        .asText()
                        .replace("{text}", row.get("text").asText());
                scores.add(engine.score(new ScoreRequest(new Prompt.Raw(text), continuations, Optional.empty())));
            }
            for (int i = 0; i < scores.size(); i++) {
                JsonNode row = golden.get("rows").get(i);
                List<Scores.Score> found = scores.get(i).future().join().scores();
                double positive = found.get(0).logprob();
                double negative = found.get(1).logprob();
                JsonNode wanted = row.get("logprobs");
                assertThat(positive).isCloseTo(wanted.get("positive").asDouble(), within(0.2));
                assertThat(negative).isCloseTo(wanted.get("negative").asDouble(), within(0.2));
                assertThat(positive > negative ? "positive" : "negative")
                        .as(row.get("text").asText())
                        .isEqualTo(row.get("label").asText());
            }
            assertThat(scores).hasSize(40);
        }
    }
}
