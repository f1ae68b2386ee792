package io.pangu.spark.request;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The options of {@code generate}, checked and complete; names and defaults as in the function reference.
 *
 * @param maxTokens most tokens to generate
 * @param temperature 0 = greedy
 * @param topP 1 = off
 * @param topK 0 = off
 * @param minP 0 = off
 * @param repetitionPenalty 1 = off
 * @param presencePenalty 0 = off
 * @param frequencyPenalty 0 = off
 * @param logitBias token id to addend
 * @param seed empty: derived from the request's text and options, so that re-runs repeat
 * @param stop texts that end the completion
 * @param systemPrompt empty: the model's own
 * @param returnsThinking whether the reasoning part is returned
 * @param logprobs 0 = none, 1 = of the chosen token
 * @param raw whether the text is completed as it is, without the chat template
 * @param truncatesPrompt whether a prompt that is too long is cut instead of refused
 * @param timeoutMillis empty: none
 */
public record GenerationOptions(
        int maxTokens,
        double temperature,
        double topP,
        int topK,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias,
        OptionalLong seed,
        List<String> stop,
        Optional<String> systemPrompt,
        boolean returnsThinking,
        int logprobs,
        boolean raw,
        boolean truncatesPrompt,
        OptionalLong timeoutMillis) {

    public GenerationOptions {
        logitBias = Map.copyOf(logitBias);
        stop = List.copyOf(stop);
    }
}
