package io.pangu.runtime.engine;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a request must be like before it is worth a token. Each throws {@code INVALID_OPTION} or {@code INVALID_PROMPT}. */
final class RequestChecks {
    private RequestChecks() {}

    static void check(GenerateRequest request, int vocabSize) {
        if (request.maxTokens() < 1) {
            throw EngineErrors.invalidOption("max_tokens", request.maxTokens(), "it must be at least 1");
        }
        if (request.stop().contains("")) {
            throw EngineErrors.invalidOption(
                    "stop", "an empty text", "leave it out to stop at the end of the answer only");
        }
        for (int id : request.sampling().logitBias().keySet()) {
            if (id < 0 || id >= vocabSize) {
                throw EngineErrors.invalidOption(
                        "logit_bias", "for token " + id, "the model's tokens are 0 to " + (vocabSize - 1));
            }
        }
        checkPrompt(request.prompt());
        checkTimeout(request.timeout());
    }

    static void check(ScoreRequest request) {
        if (request.continuations().isEmpty()) {
            throw EngineErrors.invalidPrompt("there is no continuation to score; give one at least");
        }
        checkPrompt(request.prompt());
        checkTimeout(request.timeout());
    }

    static void check(EmbedRequest request) {
        checkTimeout(request.timeout());
    }

    static void check(ClassifyRequest request) {
        List<String> labels = request.labels();
        if (labels.size() < 2) {
            throw EngineErrors.invalidOption("labels", labels, "give at least two");
        }
        Set<String> seen = new HashSet<>();
        for (String label : labels) {
            if (label.isBlank()) {
                throw EngineErrors.invalidOption("labels", labels, "no label may be empty");
            }
            if (!seen.add(label)) {
                throw EngineErrors.invalidOption("labels", labels, "'" + label + "' stands there twice");
            }
        }
        request.template().ifPresent(template -> {
            if (!template.prompt().contains(LabelTemplate.TEXT)) {
                throw EngineErrors.invalidOption(
                        "template",
                        "'" + template.prompt() + "'",
                        "it must say where the text goes by " + LabelTemplate.TEXT);
            }
            if (request.form() == ClassifyRequest.Form.RAW
                    && !template.begunAnswer().isEmpty()) {
                throw EngineErrors.invalidOption(
                        "template",
                        "raw with the begun answer '" + template.begunAnswer() + "'",
                        "only a chat has an answer to begin; put the words at the template's end");
            }
        });
        checkTimeout(request.timeout());
    }

    private static void checkPrompt(Prompt prompt) {
        if (prompt instanceof Prompt.Chat chat && chat.messages().isEmpty()) {
            throw EngineErrors.invalidPrompt("the chat has no messages; give one at least");
        }
    }

    private static void checkTimeout(Optional<Duration> timeout) {
        timeout.ifPresent(limit -> {
            if (limit.isNegative() || limit.isZero()) {
                throw EngineErrors.invalidOption("timeout", limit.toMillis() + " ms", "it must be above 0");
            }
        });
    }
}
