package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.backend.cann.StandInCann;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.golden.GoldenCheckpoint.Case;
import io.pangu.runtime.golden.GoldenCheckpoint.Continuation;
import io.pangu.runtime.golden.GoldenCheckpoint.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Golden checkpoints on every backend in every precision, against the independent reference's answers. */
@ParameterizedClass
@MethodSource("setups")
class GoldenModelTest {
    private static final Logger LOG = LoggerFactory.getLogger(GoldenModelTest.class);
    private static final long SEED = 20260727;

    /** Where the reference's two best logits lie closer than this, in standard deviations, int8 may choose the other. */
    private static final double INT8_GAP = 0.15;

    /** What fp32 kernels may be off by where nothing is rounded further. */
    private static final double FP32_ERROR = 1e-5;

    private static @Nullable Device device;
    private static @Nullable LanguageModel model;
    private static @Nullable GoldenCheckpoint golden;

    /** Logits at every position of every case, computed in one pass: what every other way must repeat to the bit. */
    private static float[][][] onePass = {};

    @Parameter
    GoldenSetup setup = GoldenSetup.some().get(0);

    static List<GoldenSetup> setups() {
        return GoldenSetup.some();
    }

    @BeforeParameterizedClassInvocation
    static void load(GoldenSetup setup) {
        golden = GoldenCheckpoint.load(setup.checkpoint());
        if (setup.isOnMesh()) {
            model = setup.loadOnMesh();
        } else {
            device = setup.backend().open();
            model = setup.load(device);
        }
        SequenceRunner runner = runner();
        onePass = golden.cases().stream()
                .map(c -> runner.logits(c.teacherForced(), model().maxBatchTokens()))
                .toArray(float[][][]::new);
    }

    @AfterParameterizedClassInvocation
    static void close(GoldenSetup closing) {
        if (model != null) {
            model.close();
            model = null;
        }
        if (closing.backend().isCann()) {
            StandInCann cann = StandInCann.running();
            assertThat(cann.violations()).as("broken rules").isEmpty();
            assertThat(cann.leaks()).as("left behind").isEmpty();
        }
        if (device instanceof ReferenceDevice reference) {
            assertThat(reference.isClosed()).isTrue();
            assertThat(reference.liveObjects()).as("left open").isZero();
        }
    }

    private static LanguageModel model() {
        return Objects.requireNonNull(model);
    }

    private static GoldenCheckpoint golden() {
        return Objects.requireNonNull(golden);
    }

    private static SequenceRunner runner() {
        return new SequenceRunner(model(), SEED);
    }

    @Test
    void logitsOfOnePassAreTheGoldenOnes() {
        double worst = 0;
        int positions = 0;
        int flipped = 0;
        for (int i = 0; i < onePass.length; i++) {
            float[][] expected = golden().logits(i);
            assertThat(onePass[i]).hasDimensions(expected.length, expected[0].length);
            for (int position = 0; position < expected.length; position++) {
                double error = GoldenCheckpoint.relativeError(onePass[i][position], expected[position]);
                worst = Math.max(worst, error);
                flipped += error > FP32_ERROR ? 1 : 0;
                positions++;
            }
        }
        LOG.info(
                "{}: worst relative error {}, above {} in {} of {} positions",
                setup,
                worst,
                FP32_ERROR,
                flipped,
                positions);
        assertThat(worst).isLessThan(setup.logitBound());
        assertThat((double) flipped / positions).isLessThanOrEqualTo(setup.flippedShare());
    }

    @Test
    void largestLogitsUnderTeacherForcingAreTheGoldenTokens() {
        for (int i = 0; i < onePass.length; i++) {
            Case c = golden().cases().get(i);
            float[][] expected = golden().logits(i);
            for (int j = 0; j < c.greedy().length; j++) {
                int position = c.prompt().length - 1 + j;
                if (setup.isInt8() && gapInStd(expected[position]) < INT8_GAP) {
                    continue;
                }
                assertThat(largest(onePass[i][position]))
                        .as("case %d, token %d", i, j)
                        .isEqualTo(c.greedy()[j]);
            }
        }
    }

    @Test
    void greedyDecodingGivesTheGoldenTokens() {
        assumeThat(setup.isInt8()).isFalse();
        assumeThat(setup.isWorthAskingFurther()).isTrue();
        for (Case c : golden().cases()) {
            assertThat(runner().greedy(c.prompt(), c.greedy().length)).isEqualTo(c.greedy());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 16, 17, 64})
    void chunksGiveTheSameBitsAsOnePass(int chunk) {
        assumeThat(setup.isWorthRepeating(chunk)).isTrue();
        for (int i = 0; i < onePass.length; i++) {
            float[][] chunked = runner().logits(golden().cases().get(i).teacherForced(), chunk);
            assertSame(i, chunked);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void mixedBatchesGiveTheSameBitsAsOnePass(long seed) {
        assumeThat(setup.isWorthRepeating(seed)).isTrue();
        List<int[]> tokens = golden().cases().stream().map(Case::teacherForced).toList();
        float[][][] mixed = new SequenceRunner(model(), seed).raggedLogits(tokens, seed);
        for (int i = 0; i < onePass.length; i++) {
            assertSame(i, mixed[i]);
        }
    }

    /** The bits of one pass, or, where they may differ, the golden logits once more. */
    private void assertSame(int golden, float[][] logits) {
        if (setup.keepsBits()) {
            assertThat(logits).as("case %d", golden).isDeepEqualTo(onePass[golden]);
            return;
        }
        float[][] expected = golden().logits(golden);
        for (int position = 0; position < expected.length; position++) {
            assertThat(GoldenCheckpoint.relativeError(logits[position], expected[position]))
                    .as("case %d, position %d", golden, position)
                    .isLessThan(setup.logitBound());
        }
    }

    @Test
    void embeddingsAreTheGoldenOnes() {
        assumeThat(setup.isWorthAskingFurther()).isTrue();
        double worst = 0;
        for (int i : golden().embeddingCases()) {
            float[][] hidden = runner().hidden(golden().cases().get(i).prompt());
            float[] mean = new float[hidden[0].length];
            for (int h = 0; h < mean.length; h++) {
                double sum = 0;
                for (int row = 1; row < hidden.length; row++) {
                    sum += hidden[row][h];
                }
                mean[h] = (float) (sum / (hidden.length - 1));
            }
            worst = Math.max(worst, GoldenCheckpoint.relativeError(mean, golden().meanEmbedding(i)));
            float[] last = hidden[hidden.length - 1];
            worst = Math.max(worst, GoldenCheckpoint.relativeError(last, golden().lastEmbedding(i)));
        }
        LOG.info("{}: worst embedding error {}", setup, worst);
        assertThat(worst).isLessThan(setup.embeddingBound());
    }

    @Test
    void logProbabilitiesOfContinuationsAreTheGoldenOnes() {
        assumeThat(setup.isWorthAskingFurther()).isTrue();
        double worst = 0;
        List<float[]> scores = new ArrayList<>();
        for (Score score : golden().scores()) {
            Case c = golden().cases().get(score.caseIndex());
            for (Continuation continuation : score.continuations()) {
                float[] ours = runner().score(c.prompt(), continuation.tokens());
                scores.add(ours);
                for (int t = 0; t < ours.length; t++) {
                    assertThat((double) ours[t]).isCloseTo(continuation.logprobs()[t], within(setup.scoreBound()));
                    worst = Math.max(worst, Math.abs(ours[t] - continuation.logprobs()[t]));
                }
            }
        }
        LOG.info("{}: worst log-probability error {}", setup, worst);
        assertThat(scores).hasSizeGreaterThan(5);
    }

    private static double gapInStd(float[] logits) {
        int best = largest(logits);
        double second = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < logits.length; i++) {
            second = i == best ? second : Math.max(second, logits[i]);
            sum += logits[i];
            squares += (double) logits[i] * logits[i];
        }
        double mean = sum / logits.length;
        return (logits[best] - second) / Math.sqrt(squares / logits.length - mean * mean);
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
