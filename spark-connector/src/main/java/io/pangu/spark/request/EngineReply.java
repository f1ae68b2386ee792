package io.pangu.spark.request;

import java.util.List;
import java.util.Optional;

/** What came of one row's call. A row that failed is a reply like any other. */
public sealed interface EngineReply {
    /** Token counts; zeros for a failure. */
    TokenUsage usage();

    /** Tokens of the prompt, those of it found in the prefix cache, and tokens generated or scored. */
    record TokenUsage(int promptTokens, int cachedTokens, int completionTokens) {
        public static final TokenUsage NONE = new TokenUsage(0, 0, 0);
    }

    /**
     * A completion.
     *
     * @param text the answer
     * @param reasoning the reasoning part, if asked for
     * @param finishReason {@code stop} or {@code length}
     * @param tokens generated tokens with their log-probabilities, if asked for; else empty
     * @param seed the seed that was used
     */
    record Generated(
            String text,
            Optional<String> reasoning,
            String finishReason,
            List<TokenLogprob> tokens,
            long seed,
            TokenUsage usage)
            implements EngineReply {
        public Generated {
            tokens = List.copyOf(tokens);
        }
    }

    /** A generated token's text and log-probability. */
    record TokenLogprob(String token, float logprob) {}

    /**
     * A label.
     *
     * @param label the most likely
     * @param scores one per label, in the call's order
     */
    record Classified(String label, List<LabelScore> scores, TokenUsage usage) implements EngineReply {
        public Classified {
            scores = List.copyOf(scores);
        }
    }

    /** A label's log-likelihood and its share among the labels. */
    record LabelScore(String label, double logprob, double probability) {}

    /** A vector; owned by the receiver. */
    record Embedded(float[] vector, TokenUsage usage) implements EngineReply {}

    /**
     * No result.
     *
     * @param code one of the result struct's error codes
     * @param message problem, cause and remedy
     * @param retryable whether the same call may succeed later
     */
    record Failed(String code, String message, boolean retryable) implements EngineReply {
        @Override
        public TokenUsage usage() {
            return TokenUsage.NONE;
        }
    }
}
