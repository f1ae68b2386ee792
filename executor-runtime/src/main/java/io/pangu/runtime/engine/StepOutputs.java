package io.pangu.runtime.engine;

import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.sampling.Sampler;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one step gave, read with few device calls: one argmax for all rows, and log-probabilities gathered first and resolved
 * together. Scheduler thread; valid until the next step.
 */
final class StepOutputs {
    private final ForwardOutput output;
    private final int numOutputs;
    private final Sampler sampler;
    private final float[] logits; // (vocabSize), scratch
    private final List<Query> queries = new ArrayList<>();
    private int @Nullable [] argmax;
    private long deviceNanos;

    private record Query(int row, int token, LogprobReceiver receiver) {}

    /** Takes a log-probability that was asked for. */
    interface LogprobReceiver {
        void accept(float logprob);
    }

    StepOutputs(ForwardOutput output, int numOutputs, Sampler sampler, float[] scratch) {
        this.output = output;
        this.numOutputs = numOutputs;
        this.sampler = sampler;
        this.logits = scratch;
    }

    /** The first token with the largest logit of an output row. */
    int argmax(int row) {
        int[] ids = argmax;
        if (ids == null) {
            long start = System.nanoTime();
            ids = output.argmax();
            argmax = ids;
            deviceNanos += System.nanoTime() - start;
        }
        return ids[row];
    }

    /** Draws a token from the logits of an output row. */
    int sample(int row, SamplingParams params, TokenHistory history, int drawIndex) {
        long start = System.nanoTime();
        output.logits(row, logits);
        deviceNanos += System.nanoTime() - start;
        return sampler.sample(logits, params, history, drawIndex);
    }

    /** Copies the hidden state of an output row. */
    void hidden(int row, float[] target) {
        long start = System.nanoTime();
        output.hidden(row, target);
        deviceNanos += System.nanoTime() - start;
    }

    /** Asks for the log-probability of a token at an output row; it comes with {@link #resolve()}. */
    void askLogprob(int row, int token, LogprobReceiver receiver) {
        queries.add(new Query(row, token, receiver));
    }

    /** Answers what was asked, in the order of asking, with one reading of the output. */
    void resolve() {
        if (queries.isEmpty()) {
            return;
        }
        int[] counts = new int[numOutputs];
        int[] place = new int[queries.size()];
        for (int i = 0; i < place.length; i++) {
            place[i] = counts[queries.get(i).row()]++;
        }
        int[][] tokens = new int[numOutputs][];
        Arrays.setAll(tokens, row -> new int[counts[row]]);
        for (int i = 0; i < place.length; i++) {
            tokens[queries.get(i).row()][place[i]] = queries.get(i).token();
        }
        long start = System.nanoTime();
        float[][] logprobs = output.logProbabilities(tokens);
        deviceNanos += System.nanoTime() - start;
        for (int i = 0; i < place.length; i++) {
            queries.get(i).receiver().accept(logprobs[queries.get(i).row()][place[i]]);
        }
    }

    /** Time that the device calls of this object took. */
    long deviceNanos() {
        return deviceNanos;
    }
}
