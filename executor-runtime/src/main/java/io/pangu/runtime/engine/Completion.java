package io.pangu.runtime.engine;

import java.util.List;
import java.util.Optional;

/**
 * What a model said.
 *
 * @param text the answer, reasoning cut off
 * @param reasoning the reasoning part, if it was asked for and there was one
 * @param finishReason why it ended
 * @param tokenIds all generated ids, reasoning and end of turn included
 * @param tokenLogprobs one per generated id if asked for, else empty
 * @param usage token counts
 */
public record Completion(
        String text,
        Optional<String> reasoning,
        FinishReason finishReason,
        List<Integer> tokenIds,
        List<TokenLogprob> tokenLogprobs,
        Usage usage) {

    public Completion {
        tokenIds = List.copyOf(tokenIds);
        tokenLogprobs = List.copyOf(tokenLogprobs);
    }

    /** Why a completion ended. */
    public enum FinishReason {
        /** The model ended its turn, or a stop text appeared. */
        STOP,
        /** {@code maxTokens} or the context was used up. */
        LENGTH
    }

    /** A generated token's text and its log-probability under the model's own distribution (temperature 1). */
    public record TokenLogprob(String token, float logprob) {}
}
