package io.pangu.runtime.sampling;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;

/**
 * How the next token is drawn. Order of operations: logit bias, repetition penalty on prompt and output, presence and
 * frequency penalties on output, temperature, min-p, top-k, top-p, renormalise.
 *
 * @param temperature 0 = greedy
 * @param topK 0 = off
 * @param topP in (0, 1], 1 = off
 * @param minP in [0, 1), 0 = off
 * @param repetitionPenalty above 0, 1 = off
 * @param presencePenalty 0 = off
 * @param frequencyPenalty 0 = off
 * @param logitBias token id to addend, finite
 * @param seed of the request's own random stream; equal seeds give equal draws whatever the batch
 */
public record SamplingParams(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias,
        long seed) {

    /** The largest logit, no penalties. */
    public static final SamplingParams GREEDY = new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(), 0);

    public SamplingParams {
        require(temperature >= 0 && temperature <= 100, "temperature", temperature, "between 0 and 100");
        require(topK >= 0, "top_k", topK, "0 or more");
        require(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
        require(minP >= 0 && minP < 1, "min_p", minP, "at least 0 and below 1");
        require(repetitionPenalty > 0 && repetitionPenalty <= 100, "repetition_penalty", repetitionPenalty, "above 0");
        require(Math.abs(presencePenalty) <= 100, "presence_penalty", presencePenalty, "between -100 and 100");
        require(Math.abs(frequencyPenalty) <= 100, "frequency_penalty", frequencyPenalty, "between -100 and 100");
        logitBias = Map.copyOf(logitBias);
        for (double bias : logitBias.values()) {
            require(Double.isFinite(bias), "logit_bias", bias, "a finite number for every token");
        }
    }

    private static void require(boolean holds, String option, double value, String range) {
        if (!holds) {
            throw new EngineException(
                    ErrorCode.INVALID_OPTION,
                    "option '" + option + "' is " + value + "; it must be " + range,
                    Map.of("option", option, "value", Double.toString(value)),
                    null);
        }
    }
}
