package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.model.ForwardBatch.Output;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one step gives and leaves behind, on the reference device; the numbers themselves are the golden test's. */
class DecoderTest {
    private static final int[] TOKENS =
            GoldenCheckpoint.load("moge-tiny").cases().get(3).prompt();

    private final ReferenceDevice device = new ReferenceDevice();
    private final LanguageModel model =
            new GoldenSetup(GoldenSetup.Backend.REFERENCE, "moge-tiny", WeightPrecision.FLOAT32).load(device);
    private final SequenceRunner runner = new SequenceRunner(model, 5);
    private final float[][] whole = runner.logits(TOKENS, TOKENS.length);

    @AfterEach
    void close() {
        model.close();
        assertThat(device.liveObjects()).isZero();
    }

    private ForwardOutput forward(CachedSequence sequence, int[] outputRows, Output... kinds) {
        ForwardBatch all = new BatchBuilder(model.blockSize(), Output.LOGITS)
                .add(sequence, sequence.remaining())
                .build();
        return model.forward(new ForwardBatch(
                all.tokenIds(),
                all.positions(),
                all.slots(),
                all.queryStarts(),
                all.contextLengths(),
                all.blockTables(),
                outputRows,
                kinds));
    }

    private float[] logits(ForwardOutput output, int index) {
        float[] logits = new float[model.config().vocabSize()];
        output.logits(index, logits);
        return logits;
    }

    @Test
    void answersOnlyTheRowsThatAreAsked() {
        ForwardOutput output = forward(runner.sequence(TOKENS), new int[] {2, 16}, Output.LOGITS, Output.LOGITS);
        assertThat(logits(output, 1)).isEqualTo(whole[16]);
        assertThat(logits(output, 0)).isEqualTo(whole[2]);
        assertThat(output.argmax()).containsExactly(largest(whole[2]), largest(whole[16]));
    }

    @Test
    void mixesLogitsAndHiddenStates() {
        float[][] hidden = runner.hidden(TOKENS);
        ForwardOutput output = forward(
                runner.sequence(TOKENS),
                new int[] {1, 4, 7, 9},
                Output.HIDDEN,
                Output.LOGITS,
                Output.HIDDEN,
                Output.LOGITS);
        assertThat(output.argmax()).containsExactly(-1, largest(whole[4]), -1, largest(whole[9]));
        assertThat(logits(output, 3)).isEqualTo(whole[9]);
        float[] row = new float[model.config().hiddenSize()];
        output.hidden(0, row);
        assertThat(row).isEqualTo(hidden[1]);
        output.hidden(2, row);
        assertThat(row).isEqualTo(hidden[7]);
    }

    @Test
    void skipsLogProbabilitiesThatNobodyAsks() {
        ForwardOutput output =
                forward(runner.sequence(TOKENS), new int[] {0, 1, 2}, Output.LOGITS, Output.HIDDEN, Output.LOGITS);
        float[][] values = output.logProbabilities(new int[][] {{}, {}, {5, 7, 5}});
        double sum = 0;
        for (float logit : whole[2]) {
            sum += Math.exp(logit);
        }
        assertThat(values[0]).isEmpty();
        assertThat(values[1]).isEmpty();
        assertThat((double) values[2][0]).isCloseTo(whole[2][5] - Math.log(sum), within(1e-5));
        assertThat((double) values[2][1]).isCloseTo(whole[2][7] - Math.log(sum), within(1e-5));
        assertThat(values[2][2]).isEqualTo(values[2][0]);
    }

    @Test
    void answersNothingWhenNothingIsAsked() {
        ForwardOutput output = forward(runner.sequence(TOKENS), new int[0]);
        assertThat(output.argmax()).isEmpty();
        assertThat(output.logProbabilities(new int[0][])).isEmpty();
    }

    @Test
    void refusesQuestionsThatTheBatchDidNotAsk() {
        ForwardOutput output = forward(runner.sequence(TOKENS), new int[] {0, 3}, Output.HIDDEN, Output.LOGITS);
        assertThatIllegalArgumentException().isThrownBy(() -> logits(output, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> logits(output, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> output.logProbabilities(new int[][] {{1}, {1}}));
        assertThatIllegalArgumentException().isThrownBy(() -> output.logProbabilities(new int[][] {{}, {384}}));
        assertThatIllegalArgumentException().isThrownBy(() -> output.logProbabilities(new int[][] {{}}));
        assertThatIllegalArgumentException().isThrownBy(() -> output.hidden(-1, new float[160]));
    }

    @Test
    void continuesFromBlocksThatAnotherSequenceComputed() {
        CachedSequence first = runner.sequence(TOKENS);
        forward(first, new int[0]);
        int shared = 2 * model.blockSize();
        int[] blocks = runner.sequence(TOKENS).blocks();
        System.arraycopy(first.blocks(), 0, blocks, 0, 2);
        CachedSequence second = CachedSequence.from(TOKENS, blocks, shared);
        ForwardOutput output = forward(second, new int[] {0, TOKENS.length - shared - 1}, Output.LOGITS, Output.LOGITS);
        assertThat(logits(output, 0)).isEqualTo(whole[shared]);
        assertThat(logits(output, 1)).isEqualTo(whole[TOKENS.length - 1]);
    }

    @Test
    void whatIsLeftInABlockDoesNotMatter() {
        CachedSequence sequence = runner.sequence(TOKENS);
        int[] others = Arrays.stream(TOKENS).map(token -> token ^ 1).toArray();
        forward(new CachedSequence(others, sequence.blocks()), new int[0]);
        ForwardOutput output = forward(sequence, new int[] {0, 16}, Output.LOGITS, Output.LOGITS);
        assertThat(logits(output, 0)).isEqualTo(whole[0]);
        assertThat(logits(output, 1)).isEqualTo(whole[16]);
    }

    @Test
    void refusedBatchLeavesTheModelUsable() {
        CachedSequence sequence = runner.sequence(TOKENS);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(sequence, new int[] {TOKENS.length}, Output.LOGITS));
        assertThat(runner.logits(TOKENS, 4)).isDeepEqualTo(whole);
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
