package io.pangu.runtime.engine;

import java.util.List;

/**
 * The label of a text.
 *
 * @param label the most likely
 * @param scores one per label, in the request's order
 * @param usage token counts
 */
public record Classification(String label, List<LabelScore> scores, Usage usage) {
    public Classification {
        scores = List.copyOf(scores);
    }

    /**
     * One label.
     *
     * @param label as given
     * @param logprob log-likelihood of its tokens after the prompt, calibration not applied
     * @param probability share among the labels, calibration applied; all sum to 1
     */
    public record LabelScore(String label, double logprob, double probability) {}
}
