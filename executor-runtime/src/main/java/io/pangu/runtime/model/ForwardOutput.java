package io.pangu.runtime.model;

/**
 * The results of one step, indexed like the batch's {@code outputRows}. Valid until the model's next step; read by the
 * thread that made the step. Logits are made when they are first asked for, so reading them may fail like the step itself.
 */
public interface ForwardOutput {
    /** The first largest logit of each row that asked for {@code LOGITS}; other entries are -1. One device call. */
    int[] argmax();

    /** Copies a row's logits, fp32, into {@code target[0 .. vocabSize)}. */
    void logits(int output, float[] target);

    /**
     * Log-probability of one token per {@code LOGITS} row: {@code tokenIds[i]} for output i; entries of -1 are skipped and
     * give NaN. One device call.
     */
    float[] logProbabilities(int[] tokenIds);

    /** Copies a row's final-norm hidden state, fp32, into {@code target[0 .. hiddenSize)}. */
    void hidden(int output, float[] target);
}
