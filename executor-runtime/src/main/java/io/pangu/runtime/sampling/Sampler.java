package io.pangu.runtime.sampling;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;

/**
 * Draws tokens from logits on the host, in double precision, by the order of operations that {@link SamplingParams} states.
 * Holds scratch memory of a few times the vocabulary; one thread.
 */
public final class Sampler {
    private final double[] logits; // (vocabSize)
    private final Candidates candidates;

    public Sampler(int vocabSize) {
        logits = new double[vocabSize];
        candidates = new Candidates(vocabSize);
    }

    /** Whether the token is simply the first largest logit, so that the device can find it and no logits are needed here. */
    public static boolean isPlainArgmax(SamplingParams params) {
        return params.temperature() == 0 && params.logitBias().isEmpty() && !hasPenalties(params);
    }

    /** Whether a request's history matters to its draws. */
    public static boolean hasPenalties(SamplingParams params) {
        return params.repetitionPenalty() != 1 || params.presencePenalty() != 0 || params.frequencyPenalty() != 0;
    }

    /**
     * The next token of a request.
     *
     * @param row (vocabSize) the model's logits
     * @param drawIndex how many tokens the request has generated before: its place in the seed's random stream
     */
    public int sample(float[] row, SamplingParams params, TokenHistory history, long drawIndex) {
        adjust(row, params, history);
        if (params.temperature() == 0) {
            return firstLargest();
        }
        weigh(params);
        return candidates.draw(CounterRandom.uniform(params.seed(), drawIndex));
    }

    /** The distribution that {@link #sample} draws from, over all ids. */
    double[] distribution(float[] row, SamplingParams params, TokenHistory history) {
        adjust(row, params, history);
        if (params.temperature() == 0) {
            double[] certain = new double[logits.length];
            certain[firstLargest()] = 1;
            return certain;
        }
        weigh(params);
        return candidates.probabilities();
    }

    private void adjust(float[] row, SamplingParams params, TokenHistory history) {
        for (int id = 0; id < logits.length; id++) {
            logits[id] = row[id];
        }
        for (Map.Entry<Integer, Double> bias : params.logitBias().entrySet()) {
            logits[bias.getKey()] += bias.getValue();
        }
        if (hasPenalties(params)) {
            history.penalise(logits, params);
        }
    }

    private void weigh(SamplingParams params) {
        double largest = logits[firstLargest()];
        candidates.clear();
        double least = params.minP();
        for (int id = 0; id < logits.length; id++) {
            // Relative to the most likely token, so min-p compares with the weight as it is.
            double weight = Math.exp((logits[id] - largest) / params.temperature());
            if (weight >= least && weight > 0) {
                candidates.add(id, weight);
            }
        }
        if (candidates.size() == 0) {
            throw new EngineException(
                    ErrorCode.INTERNAL,
                    "the model's logits are not numbers (the largest is " + largest
                            + "); the checkpoint or a kernel is broken");
        }
        if (params.topK() > 0 || params.topP() < 1) {
            candidates.keepMostLikely(params.topK() > 0 ? params.topK() : logits.length, params.topP());
        }
    }

    private int firstLargest() {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            if (logits[id] > logits[best]) {
                best = id;
            }
        }
        return best;
    }
}
