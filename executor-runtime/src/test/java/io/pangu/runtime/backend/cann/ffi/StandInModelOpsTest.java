package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.backend.cann.ffi.OneDevice.OnDevice;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The operators that a transformer is made of, by their methods, against plain loops in doubles. */
class StandInModelOpsTest {
    private static final double HALF = 4e-3;

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private OneDevice device;
    private AclnnOps ops;
    private OpPlan plan;

    @BeforeEach
    void open() {
        device = new OneDevice(standIn.cann().bindings(Layout.WHOLE), 0);
        ops = device.cann.ops();
        plan = device.plan;
    }

    @AfterEach
    void close() {
        device.close();
    }

    /** Numbers that float16 holds exactly. */
    private static float[] random(int seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.float16ToFloat(Float.floatToFloat16(random.nextFloat() * 2 - 1));
        }
        return values;
    }

    private static void assertNear(float[] actual, double[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i])
                    .as("element %s", i)
                    .isCloseTo(expected[i], within(tolerance * Math.max(1, Math.abs(expected[i]))));
        }
    }

    @Test
    void aLinearLayerAddsItsBias() {
        float[] x = random(1, 2 * 16);
        float[] w = random(2, 16 * 3);
        float[] bias = {1, -2, 3};
        OnDevice out = device.empty(AclDataType.FLOAT16, 2, 3);
        ops.linear()
                .addmm(
                        plan,
                        device.halves(bias, 3).tensor(),
                        device.halves(x, 2, 16).tensor(),
                        device.halves(w, 16, 3).tensor(),
                        device.scalar(1f),
                        device.scalar(1f),
                        out.tensor(),
                        (byte) 0);
        device.run();
        double[] expected = new double[6];
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 3; j++) {
                expected[i * 3 + j] = bias[j];
                for (int k = 0; k < 16; k++) {
                    expected[i * 3 + j] += (double) x[i * 16 + k] * w[k * 3 + j];
                }
            }
        }
        assertNear(device.readHalves(out), expected, HALF);
    }

    @Test
    void theNormOfASumGivesTheSumToo() {
        float[] a = random(3, 16);
        float[] b = random(4, 16);
        float[] gamma = random(5, 16);
        OnDevice y = device.empty(AclDataType.FLOAT16, 1, 16);
        OnDevice rstd = device.empty(AclDataType.FLOAT32, 1, 1);
        OnDevice sum = device.empty(AclDataType.FLOAT16, 1, 16);
        ops.norm()
                .addRmsNorm(
                        plan,
                        device.halves(a, 1, 16).tensor(),
                        device.halves(b, 1, 16).tensor(),
                        device.halves(gamma, 16).tensor(),
                        1e-5,
                        y.tensor(),
                        rstd.tensor(),
                        sum.tensor());
        device.run();
        double[] expectedSum = new double[16];
        double[] expected = new double[16];
        double squares = 0;
        for (int i = 0; i < 16; i++) {
            expectedSum[i] = (double) a[i] + b[i];
            squares += expectedSum[i] * expectedSum[i];
        }
        for (int i = 0; i < 16; i++) {
            expected[i] = expectedSum[i] / Math.sqrt(squares / 16 + 1e-5) * gamma[i];
        }
        assertNear(device.readHalves(sum), expectedSum, HALF);
        assertNear(device.readHalves(y), expected, HALF);
    }

    @Test
    void rotationTurnsTheTwoHalvesOfAHead() {
        int headDim = 128;
        float[] q = random(6, headDim);
        float[] k = random(7, headDim);
        float[] cos = new float[headDim];
        float[] sin = new float[headDim];
        for (int i = 0; i < headDim; i++) {
            double angle = 0.3 * (i % 64);
            cos[i] = Float.float16ToFloat(Float.floatToFloat16((float) Math.cos(angle)));
            sin[i] = Float.float16ToFloat(Float.floatToFloat16((float) Math.sin(angle)));
        }
        OnDevice queries = device.halves(q, 1, 1, 1, headDim);
        OnDevice keys = device.halves(k, 1, 1, 1, headDim);
        ops.rotary()
                .applyRotaryPosEmb(
                        plan,
                        queries.tensor(),
                        keys.tensor(),
                        device.halves(cos, 1, 1, 1, headDim).tensor(),
                        device.halves(sin, 1, 1, 1, headDim).tensor(),
                        1);
        device.run();
        assertNear(device.readHalves(queries), rotated(q, cos, sin), HALF);
        assertNear(device.readHalves(keys), rotated(k, cos, sin), HALF);
    }

    private static double[] rotated(float[] x, float[] cos, float[] sin) {
        int half = x.length / 2;
        double[] out = new double[x.length];
        for (int i = 0; i < half; i++) {
            out[i] = (double) x[i] * cos[i] - (double) x[i + half] * sin[i];
            out[i + half] = (double) x[i + half] * cos[i + half] + (double) x[i] * sin[i + half];
        }
        return out;
    }

    /** Two sequences of 3 and 130 keys over a cache of three blocks of 128, one key head, two query heads of 128. */
    @Test
    void aQueryAttendsToItsBlocksOfTheCache() {
        int headDim = 128;
        float[] query = random(8, 2 * 2 * headDim);
        float[] cacheK = random(9, 3 * 128 * headDim);
        float[] cacheV = random(10, 3 * 128 * headDim);
        AclTensors.View cache = AclTensors.View.dense(AclDataType.FLOAT16, 3, 128, headDim);
        OnDevice keys = device.halves(cacheK, 3, 128, headDim);
        OnDevice values = device.halves(cacheV, 3, 128, headDim);
        OnDevice out = device.empty(AclDataType.FLOAT16, 2, 1, 2, headDim);
        int[][] blocks = {{1, 0}, {2, 0}}; // the first sequence has one block, its second entry is not read
        OnDevice table = device.ints(new int[] {1, 0, 2, 0}, 2, 2);
        AttentionOps.FusedInferAttention call = new AttentionOps.FusedInferAttention(
                device.halves(query, 2, 1, 2, headDim).tensor(),
                device.list(cache, keys.address()),
                device.list(cache, values.address()),
                null,
                null,
                device.intArray(3, 130),
                table.tensor(),
                2,
                1 / Math.sqrt(headDim),
                AttentionOps.ALL_TOKENS,
                AttentionOps.ALL_TOKENS,
                NativeText.of("BSND"),
                1,
                AttentionOps.SPARSE_MODE_NONE,
                0,
                128,
                out.tensor(),
                null);
        ops.attention().fusedInferAttentionScoreV2(plan, call);
        device.run();
        double[] expected = new double[query.length];
        int[] lengths = {3, 130};
        for (int row = 0; row < 4; row++) {
            int[] slots = new int[lengths[row / 2]];
            for (int t = 0; t < slots.length; t++) {
                slots[t] = blocks[row / 2][t / 128] * 128 + t % 128;
            }
            attend(query, row, cacheK, cacheV, slots, headDim, expected);
        }
        assertNear(device.readHalves(out), expected, HALF);
        ops.flashAttention()
                .increFlashAttentionV4(
                        plan,
                        call.query(),
                        call.key(),
                        call.value(),
                        call.actualSeqLengthsKv(),
                        call.blockTable(),
                        2,
                        call.scaleValue(),
                        call.inputLayout(),
                        1,
                        128,
                        0,
                        out.tensor());
        device.run();
        assertNear(device.readHalves(out), expected, HALF);
    }

    /** Writes {@code softmax(q k / sqrt(d)) v} of one query row over the slots given. */
    private static void attend(float[] query, int row, float[] keys, float[] values, int[] slots, int d, double[] out) {
        double[] weights = new double[slots.length];
        double sum = 0;
        for (int t = 0; t < slots.length; t++) {
            double dot = 0;
            for (int i = 0; i < d; i++) {
                dot += (double) query[row * d + i] * keys[slots[t] * d + i];
            }
            weights[t] = Math.exp(dot / Math.sqrt(d));
            sum += weights[t];
        }
        for (int t = 0; t < slots.length; t++) {
            for (int i = 0; i < d; i++) {
                out[row * d + i] += weights[t] / sum * values[slots[t] * d + i];
            }
        }
    }

    /** A chunk of two tokens behind three that are in the cache: each sees itself and what was before. */
    @Test
    void aChunkSeesWhatWasBeforeItAndNothingAfter() {
        int headDim = 128;
        float[] query = random(11, 2 * headDim);
        float[] cacheK = random(12, 128 * headDim);
        float[] cacheV = random(13, 128 * headDim);
        byte[] template = new byte[2048 * 2048];
        for (int i = 0; i < 2048; i++) {
            for (int j = i + 1; j < 2048; j++) {
                template[i * 2048 + j] = 1;
            }
        }
        AclTensors.View cache = AclTensors.View.dense(AclDataType.FLOAT16, 1, 128, headDim);
        OnDevice out = device.empty(AclDataType.FLOAT16, 1, 2, 1, headDim);
        ops.attention()
                .fusedInferAttentionScoreV2(
                        plan,
                        new AttentionOps.FusedInferAttention(
                                device.halves(query, 1, 2, 1, headDim).tensor(),
                                device.list(
                                        cache,
                                        device.halves(cacheK, 1, 128, headDim).address()),
                                device.list(
                                        cache,
                                        device.halves(cacheV, 1, 128, headDim).address()),
                                device.bools(template, 2048, 2048).tensor(),
                                device.intArray(2),
                                device.intArray(5),
                                device.ints(new int[] {0}, 1, 1).tensor(),
                                1,
                                1 / Math.sqrt(headDim),
                                AttentionOps.ALL_TOKENS,
                                AttentionOps.ALL_TOKENS,
                                NativeText.of("BSND"),
                                1,
                                AttentionOps.SPARSE_MODE_RIGHT_DOWN_CAUSAL,
                                0,
                                128,
                                out.tensor(),
                                null));
        device.run();
        double[] expected = new double[query.length];
        attend(query, 0, cacheK, cacheV, new int[] {0, 1, 2, 3}, headDim, expected);
        attend(query, 1, cacheK, cacheV, new int[] {0, 1, 2, 3, 4}, headDim, expected);
        assertNear(device.readHalves(out), expected, HALF);
    }

    /** Route three tokens to two of three experts each, multiply, activate, multiply and bring them back. */
    @Test
    void tokensGoThroughTheirExpertsAndBack() {
        int hidden = 16;
        int width = 16;
        float[] x = random(14, 3 * hidden);
        int[] experts = {0, 2, 1, 2, 0, 1};
        float[] weights = {0.5f, 0.25f, 1, 2, -1, 0.125f};
        float[] up = random(15, 3 * hidden * 2 * width);
        float[] down = random(16, 3 * width * hidden);
        OnDevice expanded = device.empty(AclDataType.FLOAT16, 6, hidden);
        OnDevice places = device.empty(AclDataType.INT32, 6);
        OnDevice counts = device.empty(AclDataType.INT32, 3);
        ops.moe()
                .moeInitRoutingV2(
                        plan,
                        device.halves(x, 3, hidden).tensor(),
                        device.ints(experts, 3, 2).tensor(),
                        0,
                        0,
                        3,
                        0,
                        2,
                        false,
                        expanded.tensor(),
                        places.tensor(),
                        counts.tensor(),
                        null);
        device.run();
        assertThat(device.readInts(counts)).containsExactly(2, 2, 2);
        assertThat(device.readInts(places)).containsExactly(0, 4, 2, 5, 1, 3);
        OnDevice groups = device.empty(AclDataType.INT64, 3);
        ops.elementwise().cast(plan, counts.tensor(), AclDataType.INT64, groups.tensor());
        device.run();
        OnDevice gateUp = grouped(expanded, hidden, up, 2 * width, groups);
        OnDevice activated = device.empty(AclDataType.FLOAT16, 6, width);
        ops.expert().swiGlu(plan, gateUp.tensor(), -1, activated.tensor());
        device.run();
        OnDevice lowered = grouped(activated, width, down, hidden, groups);
        OnDevice out = device.empty(AclDataType.FLOAT16, 3, hidden);
        ops.moe()
                .moeTokenUnpermute(
                        plan,
                        lowered.tensor(),
                        places.tensor(),
                        device.floats(weights, 3, 2).tensor(),
                        false,
                        out.tensor());
        device.run();
        double[] expected = new double[3 * hidden];
        for (int choice = 0; choice < 6; choice++) {
            addExpert(x, choice / 2, up, down, experts[choice], weights[choice], hidden, width, expected);
        }
        assertNear(device.readHalves(out), expected, 0.02);
    }

    private OnDevice grouped(OnDevice x, int k, float[] weight, int n, OnDevice groups) {
        OnDevice out = device.empty(AclDataType.FLOAT16, 6, n);
        OnDevice weights = device.halves(weight, 3, k, n);
        ops.expert()
                .groupedMatmulV4(
                        plan,
                        device.list(AclTensors.View.dense(AclDataType.FLOAT16, 6, k), x.address()),
                        device.list(AclTensors.View.dense(AclDataType.FLOAT16, 3, k, n), weights.address()),
                        null,
                        null,
                        null,
                        groups.tensor(),
                        3,
                        0,
                        1,
                        0,
                        device.list(AclTensors.View.dense(AclDataType.FLOAT16, 6, n), out.address()));
        device.run();
        return out;
    }

    private static void addExpert(
            float[] x,
            int token,
            float[] up,
            float[] down,
            int expert,
            double weight,
            int hidden,
            int width,
            double[] out) {
        double[] gateUp = new double[2 * width];
        for (int j = 0; j < 2 * width; j++) {
            for (int i = 0; i < hidden; i++) {
                gateUp[j] += (double) x[token * hidden + i] * up[(expert * hidden + i) * 2 * width + j];
            }
        }
        for (int j = 0; j < width; j++) {
            double activated = gateUp[j] / (1 + Math.exp(-gateUp[j])) * gateUp[width + j];
            for (int i = 0; i < hidden; i++) {
                out[token * hidden + i] += weight * activated * down[(expert * width + j) * hidden + i];
            }
        }
    }

    @Test
    void rowsAreQuantisedWithAScaleOfTheirOwnAndMultipliedBack() {
        float[] x = random(17, 2 * 32);
        byte[] w = new byte[32 * 16];
        new Random(18).nextBytes(w);
        float[] scale = new float[16];
        for (int j = 0; j < 16; j++) {
            scale[j] = 0.001f * (j + 1);
        }
        OnDevice quantised = device.empty(AclDataType.INT8, 2, 32);
        OnDevice rowScale = device.empty(AclDataType.FLOAT32, 2);
        ops.quant().dynamicQuant(plan, device.halves(x, 2, 32).tensor(), null, quantised.tensor(), rowScale.tensor());
        device.run();
        float[] rowScales = device.read(rowScale);
        byte[] xq = device.readBytes(quantised);
        for (int row = 0; row < 2; row++) {
            double largest = 0;
            for (int i = 0; i < 32; i++) {
                largest = Math.max(largest, Math.abs(x[row * 32 + i]));
            }
            assertThat((double) rowScales[row]).isCloseTo(largest / 127, within(1e-6));
            for (int i = 0; i < 32; i++) {
                assertThat(xq[row * 32 + i] * (double) rowScales[row])
                        .isCloseTo(x[row * 32 + i], within(0.51 * rowScales[row]));
            }
        }
        OnDevice out = device.empty(AclDataType.FLOAT16, 2, 16);
        ops.quant()
                .quantMatmulV4(
                        plan,
                        quantised.tensor(),
                        device.bytes(w, 32, 16).tensor(),
                        device.floats(scale, 16).tensor(),
                        null,
                        rowScale.tensor(),
                        null,
                        false,
                        false,
                        out.tensor());
        device.run();
        double[] expected = new double[2 * 16];
        for (int row = 0; row < 2; row++) {
            for (int j = 0; j < 16; j++) {
                long sum = 0;
                for (int i = 0; i < 32; i++) {
                    sum += xq[row * 32 + i] * w[i * 16 + j];
                }
                expected[row * 16 + j] = sum * (double) scale[j] * rowScales[row];
            }
        }
        assertNear(device.readHalves(out), expected, HALF);
    }

    @Test
    void fixedScalesMultiplyBeforeRounding() {
        OnDevice y = device.empty(AclDataType.INT8, 1, 4);
        ops.quant()
                .ascendQuant(
                        plan,
                        device.halves(new float[] {0.5f, -1.25f, 3, 100}, 1, 4).tensor(),
                        device.halves(new float[] {2}, 1).tensor(),
                        device.halves(new float[] {1}, 1).tensor(),
                        false,
                        NativeText.of("round"),
                        AclDataType.INT8,
                        y.tensor());
        device.run();
        // halves go to the even neighbour, and what is too large to the largest
        assertThat(device.readBytes(y)).containsExactly(2, -2, 7, 127);
    }
}
