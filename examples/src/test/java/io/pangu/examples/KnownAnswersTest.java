package io.pangu.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class KnownAnswersTest {
    private final KnownAnswers known = new KnownAnswers();

    @Test
    void acceptsWhatTheReferenceSays() throws IOException {
        int cases = 0;
        try (InputStream in = getClass().getResourceAsStream("/golden/demo/prompts.json")) {
            for (JsonNode golden : new ObjectMapper().readTree(in).get("cases")) {
                assertThat(known.mistake(
                                golden.get("prompt").asText(),
                                golden.get("text").asText()))
                        .isEmpty();
                cases++;
            }
        }
        assertThat(cases).isEqualTo(20);
    }

    @Test
    void holdsAClearAnswerToEveryCharacter() {
        assertThat(known.mistake("What is the capital of Japan?", "The capital of Japan is Tokyo!"))
                .hasValueSatisfying(
                        sentence -> assertThat(sentence).contains("Tokyo!").contains("Tokyo."));
    }

    @Test
    void holdsANearTieToItsAnswerOnly() throws IOException {
        String prompt = promptOf("The capital of India is New Delhi.");
        assertThat(known.mistake(prompt, "India's capital is New Delhi")).isEmpty();
        assertThat(known.mistake(prompt, "India's capital is Mumbai")).isPresent();
    }

    @Test
    void saysNothingOfPromptsThatItDoesNotKnow() {
        assertThat(known.mistake("Who are you?", "a table")).isEmpty();
    }

    private String promptOf(String text) throws IOException {
        try (InputStream in = getClass().getResourceAsStream("/golden/demo/prompts.json")) {
            for (JsonNode golden : new ObjectMapper().readTree(in).get("cases")) {
                if (golden.get("text").asText().equals(text)) {
                    return golden.get("prompt").asText();
                }
            }
        }
        throw new AssertionError("no golden answer " + text);
    }
}
