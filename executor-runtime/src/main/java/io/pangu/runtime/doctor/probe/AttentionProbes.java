package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.AttentionOps;
import io.pangu.runtime.backend.cann.ffi.AttentionOps.FusedInferAttention;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.util.Arrays;
import java.util.List;

/** Attention over a paged cache: single queries, a chunk behind a history, a whole prompt; and the cache's writer. */
final class AttentionProbes {
    private static final int HEADS = 2;
    private static final int HEAD_DIM = 128;
    private static final int BLOCK = 128;
    private static final int BLOCKS = 3;
    private static final int MASK = 2048;
    private static final double SCALE = 1 / Math.sqrt(HEAD_DIM);
    private static final NativeText BSND = NativeText.of("BSND");

    private AttentionProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(
                        AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V2, fused(AttentionOps::fusedInferAttentionScoreV2)),
                new OperatorProbe(
                        AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V3, fused(AttentionOps::fusedInferAttentionScoreV3)),
                new OperatorProbe(
                        AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V4, fused(AttentionOps::fusedInferAttentionScoreV4)),
                new OperatorProbe(
                        AclnnOperator.FUSED_INFER_ATTENTION_SCORE_V5, fused(AttentionOps::fusedInferAttentionScoreV5)),
                new OperatorProbe(AclnnOperator.INCRE_FLASH_ATTENTION_V4, AttentionProbes::incremental),
                new OperatorProbe(AclnnOperator.PROMPT_FLASH_ATTENTION_V3, AttentionProbes::prompt),
                new OperatorProbe(AclnnOperator.SCATTER_PA_KV_CACHE, AttentionProbes::writeCache));
    }

    /** Plans one of the versions. */
    private interface Fused {
        void plan(AttentionOps ops, OpPlan plan, FusedInferAttention call);
    }

    private static OperatorProbe.Program fused(Fused version) {
        return device -> {
            decode(device, version);
            chunk(device, version);
        };
    }

    /** Keys and values in three blocks, one kv head. */
    private record Cache(Operand keys, Operand values) {
        static Cache on(ProbeDevice device) {
            return new Cache(device.random(70, BLOCKS, BLOCK, HEAD_DIM), device.random(71, BLOCKS, BLOCK, HEAD_DIM));
        }
    }

    /** Two sequences of 3 and 130 keys, the second over two blocks that do not follow each other. */
    private static final int[] LENGTHS = {3, 130};

    private static final int[][] TABLE = {{1, 0}, {2, 0}};

    private static Operand blockTable(ProbeDevice device) {
        return device.of(AclDataType.INT32, new double[] {1, 0, 2, 0}, 2, 2);
    }

    private static double[] decoded(Operand query, Cache cache) {
        double[] out = new double[query.elements()];
        for (int row = 0; row < 2 * HEADS; row++) {
            int[] slots = new int[LENGTHS[row / HEADS]];
            for (int t = 0; t < slots.length; t++) {
                slots[t] = TABLE[row / HEADS][t / BLOCK] * BLOCK + t % BLOCK;
            }
            attend(query.values(), row, cache.keys.values(), cache.values.values(), slots, out);
        }
        return out;
    }

    /** Writes {@code softmax(q k / sqrt(d)) v} of one query row over the slots given. */
    private static void attend(double[] query, int row, double[] keys, double[] values, int[] slots, double[] out) {
        double[] weights = new double[slots.length];
        double sum = 0;
        for (int t = 0; t < slots.length; t++) {
            double dot = 0;
            for (int i = 0; i < HEAD_DIM; i++) {
                dot += query[row * HEAD_DIM + i] * keys[slots[t] * HEAD_DIM + i];
            }
            weights[t] = Math.exp(dot * SCALE);
            sum += weights[t];
        }
        for (int t = 0; t < slots.length; t++) {
            for (int i = 0; i < HEAD_DIM; i++) {
                out[row * HEAD_DIM + i] += weights[t] / sum * values[slots[t] * HEAD_DIM + i];
            }
        }
    }

    private static void decode(ProbeDevice device, Fused version) {
        Cache cache = Cache.on(device);
        Operand query = device.random(72, 2, 1, HEADS, HEAD_DIM);
        Operand out = device.empty(2, 1, HEADS, HEAD_DIM);
        version.plan(
                device.ops().attention(),
                device.plan(),
                new FusedInferAttention(
                        query.tensor(),
                        device.list(cache.keys),
                        device.list(cache.values),
                        null,
                        null,
                        device.ints(LENGTHS[0], LENGTHS[1]),
                        blockTable(device).tensor(),
                        HEADS,
                        SCALE,
                        AttentionOps.ALL_TOKENS,
                        AttentionOps.ALL_TOKENS,
                        BSND,
                        1,
                        AttentionOps.SPARSE_MODE_NONE,
                        0,
                        BLOCK,
                        out.tensor(),
                        null));
        device.run();
        device.expectWithin(tolerance(device), "decoded", out, decoded(query, cache));
    }

    /** Probabilities may be rounded before they meet the values. */
    private static double tolerance(ProbeDevice device) {
        return 2 * Floats.tolerance(device.type());
    }

    private static Operand causalMask(ProbeDevice device) {
        byte[] mask = new byte[MASK * MASK];
        for (int i = 0; i < MASK; i++) {
            Arrays.fill(mask, i * MASK + i + 1, (i + 1) * MASK, (byte) 1);
        }
        return device.mask(mask, MASK, MASK);
    }

    /** Two tokens behind three that are in the cache: each sees itself and what was before, which only one mode does. */
    private static void chunk(ProbeDevice device, Fused version) {
        Cache cache = Cache.on(device);
        Operand query = device.random(73, 1, 2, HEADS, HEAD_DIM);
        Operand out = device.empty(1, 2, HEADS, HEAD_DIM);
        version.plan(
                device.ops().attention(),
                device.plan(),
                new FusedInferAttention(
                        query.tensor(),
                        device.list(cache.keys),
                        device.list(cache.values),
                        causalMask(device).tensor(),
                        device.ints(2),
                        device.ints(5),
                        device.of(AclDataType.INT32, new double[] {2}, 1, 1).tensor(),
                        HEADS,
                        SCALE,
                        AttentionOps.ALL_TOKENS,
                        AttentionOps.ALL_TOKENS,
                        BSND,
                        1,
                        AttentionOps.SPARSE_MODE_RIGHT_DOWN_CAUSAL,
                        0,
                        BLOCK,
                        out.tensor(),
                        null));
        device.run();
        double[] expected = new double[query.elements()];
        for (int row = 0; row < 2 * HEADS; row++) {
            int[] slots = new int[4 + row / HEADS];
            for (int t = 0; t < slots.length; t++) {
                slots[t] = 2 * BLOCK + t;
            }
            attend(query.values(), row, cache.keys.values(), cache.values.values(), slots, expected);
        }
        device.expectWithin(tolerance(device), "chunk", out, expected);
    }

    private static void incremental(ProbeDevice device) {
        Cache cache = Cache.on(device);
        Operand query = device.random(74, 2, 1, HEADS, HEAD_DIM);
        Operand out = device.empty(2, 1, HEADS, HEAD_DIM);
        device.ops()
                .flashAttention()
                .increFlashAttentionV4(
                        device.plan(),
                        query.tensor(),
                        device.list(cache.keys),
                        device.list(cache.values),
                        device.ints(LENGTHS[0], LENGTHS[1]),
                        blockTable(device).tensor(),
                        HEADS,
                        SCALE,
                        BSND,
                        1,
                        BLOCK,
                        0,
                        out.tensor());
        device.run();
        device.expectWithin(tolerance(device), "attentionOut", out, decoded(query, cache));
    }

    private static void prompt(ProbeDevice device) {
        int tokens = 4;
        Operand query = device.random(75, 1, tokens, HEADS, HEAD_DIM);
        Operand key = device.random(76, 1, tokens, 1, HEAD_DIM);
        Operand value = device.random(77, 1, tokens, 1, HEAD_DIM);
        Operand out = device.empty(1, tokens, HEADS, HEAD_DIM);
        device.ops()
                .flashAttention()
                .promptFlashAttentionV3(
                        device.plan(),
                        query.tensor(),
                        key.tensor(),
                        value.tensor(),
                        causalMask(device).tensor(),
                        device.ints(tokens),
                        device.ints(tokens),
                        HEADS,
                        SCALE,
                        AttentionOps.ALL_TOKENS,
                        AttentionOps.ALL_TOKENS,
                        BSND,
                        1,
                        AttentionOps.SPARSE_MODE_RIGHT_DOWN_CAUSAL,
                        0,
                        out.tensor());
        device.run();
        double[] expected = new double[query.elements()];
        for (int row = 0; row < tokens * HEADS; row++) {
            int[] slots = new int[1 + row / HEADS];
            for (int t = 0; t < slots.length; t++) {
                slots[t] = t;
            }
            attend(query.values(), row, key.values(), value.values(), slots, expected);
        }
        device.expectWithin(tolerance(device), "attentionOut", out, expected);
    }

    private static void writeCache(ProbeDevice device) {
        AclTensors.View paged = AclTensors.View.dense(device.type(), BLOCKS, BLOCK, 1, HEAD_DIM);
        Cache cache = Cache.on(device);
        Operand key = device.random(78, 2, 1, HEAD_DIM);
        Operand value = device.random(79, 2, 1, HEAD_DIM);
        int[] slots = {BLOCK + 5, 2};
        device.ops()
                .flashAttention()
                .scatterPaKvCache(
                        device.plan(),
                        key.tensor(),
                        device.tensor(paged, cache.keys.address()),
                        device.of(AclDataType.INT32, new double[] {slots[0], slots[1]}, 2)
                                .tensor(),
                        value.tensor(),
                        device.tensor(paged, cache.values.address()));
        device.run();
        device.expect("keyCacheRef", cache.keys, written(cache.keys, key, slots));
        device.expect("valueCacheRef", cache.values, written(cache.values, value, slots));
    }

    private static double[] written(Operand cache, Operand rows, int[] slots) {
        double[] out = cache.values().clone();
        for (int i = 0; i < slots.length; i++) {
            System.arraycopy(rows.values(), i * HEAD_DIM, out, slots[i] * HEAD_DIM, HEAD_DIM);
        }
        return out;
    }
}
