package io.pangu.runtime.engine;

import io.pangu.runtime.sampling.SamplingParams;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A completion to make.
 *
 * @param prompt what to go on from
 * @param sampling how tokens are drawn
 * @param maxTokens most tokens to generate, at least 1
 * @param stop texts that end the completion; neither they nor what follows is returned
 * @param logprobs whether the log-probability of each token is wanted
 * @param thinking what becomes of the model's reasoning part
 * @param tooLong what to do with a prompt that does not fit
 * @param timeout time from submission after which the request fails with {@code TIMEOUT}
 */
public record GenerateRequest(
        Prompt prompt,
        SamplingParams sampling,
        int maxTokens,
        List<String> stop,
        LogProbs logprobs,
        Thinking thinking,
        TooLong tooLong,
        Optional<Duration> timeout) {

    public GenerateRequest {
        stop = List.copyOf(stop);
    }

    /** Greedy, everything else at its default. */
    public static GenerateRequest greedy(Prompt prompt, int maxTokens) {
        return new GenerateRequest(
                prompt,
                SamplingParams.GREEDY,
                maxTokens,
                List.of(),
                LogProbs.NONE,
                Thinking.CUT,
                TooLong.ERROR,
                Optional.empty());
    }

    /** Whether log-probabilities are computed. */
    public enum LogProbs {
        NONE,
        /** Of each generated token. */
        CHOSEN
    }

    /** What becomes of the reasoning part. */
    public enum Thinking {
        /** Generated, then dropped. */
        CUT,
        /** Returned apart from the text. */
        RETURN
    }

    /** What to do with a prompt that does not fit into the context together with one token at least. */
    public enum TooLong {
        /** Fail with {@code PROMPT_TOO_LONG}. */
        ERROR,
        /** Drop tokens from the prompt's beginning, BOS kept. */
        TRUNCATE
    }
}
