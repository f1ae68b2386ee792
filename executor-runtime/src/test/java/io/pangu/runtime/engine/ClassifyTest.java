package io.pangu.runtime.engine;

import static io.pangu.runtime.engine.FakeEngine.assertFails;
import static io.pangu.runtime.engine.FakeEngine.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.engine.Classification.LabelScore;
import io.pangu.runtime.engine.ClassifyRequest.Calibration;
import io.pangu.runtime.engine.ClassifyRequest.Form;
import io.pangu.runtime.engine.ClassifyRequest.Template;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.ChatMessage;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClassifyTest {
    private static final List<String> LABELS = List.of("positive", "negative", "mixed");
    private static final Template SENTIMENT = new Template("Review: {text}\nSentiment:", "");

    private static ClassifyRequest request(Optional<Template> template, Form form, Calibration calibration) {
        return new ClassifyRequest("fine", LABELS, template, form, calibration, Optional.empty());
    }

    private static List<Double> scores(FakeEngine engine, Prompt prompt, List<String> continuations) {
        return get(engine.engine.score(new ScoreRequest(prompt, continuations, Optional.empty()))).scores().stream()
                .map(Scores.Score::logprob)
                .toList();
    }

    private static List<Double> logprobs(Classification classification) {
        return classification.scores().stream().map(LabelScore::logprob).toList();
    }

    @Test
    void scoresLabelsBehindARawTemplateAfterABlank() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            Classification result =
                    get(engine.engine.classify(request(Optional.of(SENTIMENT), Form.RAW, Calibration.OFF)));
            List<Double> expected = scores(
                    engine, new Prompt.Raw("Review: fine\nSentiment:"), List.of(" positive", " negative", " mixed"));
            assertThat(logprobs(result)).isEqualTo(expected);
            double best =
                    expected.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
            double total = expected.stream()
                    .mapToDouble(value -> Math.exp(value - best))
                    .sum();
            for (int i = 0; i < 3; i++) {
                LabelScore score = result.scores().get(i);
                assertThat(score.label()).isEqualTo(LABELS.get(i));
                assertThat(score.probability()).isCloseTo(Math.exp(expected.get(i) - best) / total, within(1e-12));
            }
            assertThat(result.label()).isEqualTo(LABELS.get(expected.indexOf(best)));
            assertThat(result.usage().completionTokens()).isEqualTo(9 + 9 + 6);
        }
    }

    @Test
    void putsNoBlankWhereTheTemplateHasOne() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            Template spaced = new Template("{text} and {text} is\n", "");
            assertThat(logprobs(get(engine.engine.classify(request(Optional.of(spaced), Form.RAW, Calibration.OFF)))))
                    .isEqualTo(scores(engine, new Prompt.Raw("fine and fine is\n"), LABELS));
        }
    }

    @Test
    void asksInAChatAndBeginsTheAnswer() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            Template begun = new Template("Label this: {text}", "It is");
            Prompt.Chat chat = new Prompt.Chat(List.of(new ChatMessage("user", "Label this: fine")), "It is");
            assertThat(logprobs(get(engine.engine.classify(request(Optional.of(begun), Form.CHAT, Calibration.OFF)))))
                    .isEqualTo(scores(engine, chat, List.of(" positive", " negative", " mixed")));
            Template unbegun = new Template("Label this: {text}", "");
            assertThat(logprobs(get(engine.engine.classify(request(Optional.of(unbegun), Form.CHAT, Calibration.OFF)))))
                    .isEqualTo(scores(engine, Prompt.user("Label this: fine"), LABELS));
        }
    }

    @Test
    void namesTheLabelsWhenThereIsNoTemplate() {
        for (Form form : Form.values()) {
            LabelTemplate template = LabelTemplate.of(request(Optional.empty(), form, Calibration.OFF));
            String asked = switch (template.prompt("a {text} b")) {
                case Prompt.Raw raw -> raw.text();
                case Prompt.Chat chat -> chat.messages().getFirst().content();
            };
            assertThat(asked).contains("positive, negative, mixed").contains("a {text} b");
            assertThat(template.continuations(LABELS)).containsExactly(" positive", " negative", " mixed");
        }
    }

    @Test
    void subtractsTheMeanScoresOfEmptyTexts() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            ClassifyRequest request = request(Optional.of(SENTIMENT), Form.RAW, Calibration.EMPTY_TEXTS);
            Classification result = get(engine.engine.classify(request));
            List<String> continuations = List.of(" positive", " negative", " mixed");
            double[] calibrated = new double[3];
            List<Double> plain = scores(engine, new Prompt.Raw("Review: fine\nSentiment:"), continuations);
            for (int i = 0; i < 3; i++) {
                calibrated[i] = plain.get(i);
            }
            for (String empty : List.of("N/A", "", "[MASK]")) {
                List<Double> prior = scores(engine, new Prompt.Raw("Review: " + empty + "\nSentiment:"), continuations);
                for (int i = 0; i < 3; i++) {
                    calibrated[i] -= prior.get(i) / 3;
                }
            }
            assertThat(logprobs(result)).as("the scores themselves stay").isEqualTo(plain);
            double ratio = result.scores().get(0).probability()
                    / result.scores().get(1).probability();
            assertThat(Math.log(ratio)).isCloseTo(calibrated[0] - calibrated[1], within(1e-9));
            assertThat(result.scores().stream()
                            .mapToDouble(LabelScore::probability)
                            .sum())
                    .isCloseTo(1, within(1e-12));

            long before = engine.engine.stats().steps();
            get(engine.engine.classify(request));
            assertThat(engine.engine.stats().steps() - before)
                    .as("the prior is known, three labels of several tokens are scored")
                    .isEqualTo(3);
            assertThat(engine.engine.stats().requestsDone())
                    .as("classifications and our own scores")
                    .isEqualTo(6);
        }
    }

    @Test
    void refusesLabelsAndTemplatesThatMakeNoChoice() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            assertRefused(engine, List.of("one"), Optional.empty(), "at least two");
            assertRefused(engine, List.of("a", "b", "a"), Optional.empty(), "twice");
            assertRefused(engine, List.of("a", " "), Optional.empty(), "empty");
            assertRefused(engine, LABELS, Optional.of(new Template("no place", "")), "{text}");
            assertRefused(engine, LABELS, Optional.of(new Template("{text}", "begun")), "begun");
        }
    }

    @Test
    void failsWithTheTextThatIsTooLong() {
        try (FakeEngine engine = FakeEngine.roomy()) {
            ClassifyRequest request = new ClassifyRequest(
                    "x".repeat(600), LABELS, Optional.empty(), Form.RAW, Calibration.EMPTY_TEXTS, Optional.empty());
            assertFails(engine.engine.classify(request), ErrorCode.PROMPT_TOO_LONG, "500");
        }
    }

    private static void assertRefused(
            FakeEngine engine, List<String> labels, Optional<Template> template, String word) {
        assertFails(
                engine.engine.classify(
                        new ClassifyRequest("fine", labels, template, Form.RAW, Calibration.OFF, Optional.empty())),
                ErrorCode.INVALID_OPTION,
                word);
    }
}
