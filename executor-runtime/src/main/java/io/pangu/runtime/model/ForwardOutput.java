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
     * Log-probabilities of tokens after {@code LOGITS} rows: {@code tokenIds[i]} are the tokens asked for output i, none for
     * a row that is not asked. The logits of a row are made once however many tokens are asked of it.
     */
    float[][] logProbabilities(int[][] tokenIds);

    /** Copies a row's final-norm hidden state, fp32, into {@code target[0 .. hiddenSize)}. */
    void hidden(int output, float[] target);
}
