package io.pangu.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the demo model says to the demo's prompts according to a reference that shares no code with the engine. A prompt on
 * whose way two tokens are nearly even is held to its answer, the others to every character.
 */
final class KnownAnswers {
    /** Below this distance of the two best logits, rounding may choose either. */
    private static final double NEAR_TIE = 0.15;

    private final Map<String, Known> byPrompt = new LinkedHashMap<>();

    private record Known(String text, Pattern mustContain, double minGap) {}

    KnownAnswers() {
        try (InputStream in = KnownAnswers.class.getResourceAsStream("known-answers.json")) {
            if (in == null) {
                throw new IllegalStateException("the examples jar lacks known-answers.json; build it again");
            }
            for (JsonNode known : new ObjectMapper().readTree(in)) {
                byPrompt.put(
                        known.get("prompt").asText(),
                        new Known(
                                known.get("text").asText(),
                                Pattern.compile(known.get("must_contain").asText(".")),
                                known.get("min_gap").asDouble()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("while reading known-answers.json", e);
        }
    }

    /** The demo's prompts, in order. */
    List<String> prompts() {
        return List.copyOf(byPrompt.keySet());
    }

    /** A sentence when the answer is not as known; empty when it is, or when nothing is known of the prompt. */
    Optional<String> mistake(String prompt, String answer) {
        Known known = byPrompt.get(prompt);
        if (known == null) {
            return Optional.empty();
        }
        boolean right = known.minGap >= NEAR_TIE
                ? answer.equals(known.text)
                : known.mustContain.matcher(answer).find();
        return right
                ? Optional.empty()
                : Optional.of("'" + prompt + "' gave '" + answer + "', the reference says '" + known.text + "'");
    }
}
