package io.pangu.runtime.engine;

import java.util.List;

/**
 * Log-likelihoods, in the order of the request's continuations.
 *
 * @param scores one per continuation
 * @param usage token counts; completion tokens are those of all continuations
 */
public record Scores(List<Score> scores, Usage usage) {
    public Scores {
        scores = List.copyOf(scores);
    }

    /**
     * One continuation.
     *
     * @param logprob sum over its tokens
     * @param tokenLogprobs of each token given all before it
     */
    public record Score(double logprob, List<Float> tokenLogprobs) {
        public Score {
            tokenLogprobs = List.copyOf(tokenLogprobs);
        }
    }
}
