package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.List;

/** Routing of tokens to experts and back. */
final class MoeProbes {
    private static final int TOKENS = 3;
    private static final int CHOICES = 2;
    private static final int EXPERTS = 4;
    private static final int HIDDEN = 32;
    private static final int COUNTS = 2;

    /** Experts of each token; one of the four gets nothing. */
    private static final int[] CHOSEN = {0, 3, 1, 3, 0, 1};

    /** Where each choice goes when rows are sorted by expert and stay in order within one. */
    private static final double[] PLACES = {0, 4, 2, 5, 1, 3};

    private static final double[] ROWS_OF_EXPERTS = {2, 2, 0, 2};

    private MoeProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.MOE_INIT_ROUTING_V2, MoeProbes::route),
                new OperatorProbe(AclnnOperator.MOE_INIT_ROUTING_V3, MoeProbes::routeNewer),
                new OperatorProbe(AclnnOperator.MOE_INIT_ROUTING_QUANT_V2, MoeProbes::routeQuantised),
                new OperatorProbe(AclnnOperator.MOE_COMPUTE_EXPERT_TOKENS, MoeProbes::countTokens),
                new OperatorProbe(AclnnOperator.MOE_TOKEN_PERMUTE, MoeProbes::permute),
                new OperatorProbe(AclnnOperator.MOE_TOKEN_UNPERMUTE, MoeProbes::unpermute),
                new OperatorProbe(AclnnOperator.MOE_FINALIZE_ROUTING_V2, MoeProbes::finish));
    }

    private static Operand chosen(ProbeDevice device) {
        double[] ids = new double[CHOSEN.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = CHOSEN[i];
        }
        return device.of(AclDataType.INT32, ids, TOKENS, CHOICES);
    }

    private static int place(int choice) {
        return (int) PLACES[choice];
    }

    private static double[] expanded(double[] x) {
        double[] out = new double[CHOSEN.length * HIDDEN];
        for (int i = 0; i < CHOSEN.length; i++) {
            System.arraycopy(x, i / CHOICES * HIDDEN, out, place(i) * HIDDEN, HIDDEN);
        }
        return out;
    }

    private static void route(ProbeDevice device) {
        Operand x = device.random(80, TOKENS, HIDDEN);
        Operand rows = device.empty(CHOSEN.length, HIDDEN);
        Operand places = device.empty(AclDataType.INT32, CHOSEN.length);
        Operand counts = device.empty(AclDataType.INT32, EXPERTS);
        device.ops()
                .moe()
                .moeInitRoutingV2(
                        device.plan(),
                        x.tensor(),
                        chosen(device).tensor(),
                        0,
                        0,
                        EXPERTS,
                        0,
                        COUNTS,
                        false,
                        rows.tensor(),
                        places.tensor(),
                        counts.tensor(),
                        null);
        device.run();
        device.expect("expandedXOut", rows, expanded(x.values()));
        device.expect("expandedRowIdxOut", places, PLACES);
        device.expect("expertTokensCountOrCumsumOut", counts, ROWS_OF_EXPERTS);
    }

    private static void routeNewer(ProbeDevice device) {
        Operand x = device.random(81, TOKENS, HIDDEN);
        Operand rows = device.empty(CHOSEN.length, HIDDEN);
        Operand places = device.empty(AclDataType.INT32, CHOSEN.length);
        Operand counts = device.empty(AclDataType.INT64, EXPERTS);
        device.ops()
                .moe()
                .moeInitRoutingV3(
                        device.plan(),
                        x.tensor(),
                        chosen(device).tensor(),
                        null,
                        null,
                        CHOSEN.length,
                        0,
                        EXPERTS,
                        0,
                        1,
                        true,
                        -1,
                        device.ints(0, EXPERTS),
                        0,
                        rows.tensor(),
                        places.tensor(),
                        counts.tensor(),
                        device.empty(AclDataType.FLOAT32, CHOSEN.length).tensor());
        device.run();
        device.expect("expandedXOut", rows, expanded(x.values()));
        device.expect("expandedRowIdxOut", places, PLACES);
        device.expect("expertTokensCountOrCumsumOut", counts, ROWS_OF_EXPERTS);
    }

    private static void routeQuantised(ProbeDevice device) {
        Operand x = device.random(82, TOKENS, HIDDEN);
        Operand rows = device.empty(AclDataType.INT8, CHOSEN.length, HIDDEN);
        Operand places = device.empty(AclDataType.INT32, CHOSEN.length);
        Operand counts = device.empty(AclDataType.INT32, EXPERTS);
        Operand scales = device.empty(AclDataType.FLOAT32, CHOSEN.length);
        device.ops()
                .moe()
                .moeInitRoutingQuantV2(
                        device.plan(),
                        x.tensor(),
                        chosen(device).tensor(),
                        null,
                        null,
                        0,
                        0,
                        EXPERTS,
                        0,
                        COUNTS,
                        false,
                        1,
                        rows.tensor(),
                        places.tensor(),
                        counts.tensor(),
                        null,
                        scales.tensor());
        device.run();
        double[] sorted = expanded(x.values());
        double[] expected = Quantised.rowScales(sorted, CHOSEN.length);
        device.expect("dynamicQuantScaleOut", scales, expected);
        device.expectWithin(QuantProbes.ONE_STEP, "expandedXOut", rows, Quantised.rows(sorted, expected));
        device.expect("expertTokensCountOrCumsumOut", counts, ROWS_OF_EXPERTS);
    }

    private static void countTokens(ProbeDevice device) {
        Operand sorted = device.of(AclDataType.INT32, new double[] {0, 0, 1, 1, 3, 3}, 6);
        Operand totals = device.empty(AclDataType.INT32, EXPERTS);
        device.ops().moe().moeComputeExpertTokens(device.plan(), sorted.tensor(), EXPERTS, totals.tensor());
        device.run();
        device.expect("out", totals, 2, 4, 4, 6);
    }

    private static void permute(ProbeDevice device) {
        Operand x = device.random(83, TOKENS, HIDDEN);
        Operand rows = device.empty(CHOSEN.length, HIDDEN);
        Operand places = device.empty(AclDataType.INT32, CHOSEN.length);
        device.ops()
                .moe()
                .moeTokenPermute(
                        device.plan(), x.tensor(), chosen(device).tensor(), 0, false, rows.tensor(), places.tensor());
        device.run();
        device.expect("permuteTokensOut", rows, expanded(x.values()));
        device.expect("sortedIndicesOut", places, PLACES);
    }

    private static double[] weights() {
        return new double[] {0.5, 0.25, 1, -0.5, 0.75, 0.125};
    }

    /** Rows back to their tokens, each choice by its weight, on top of what is there. */
    private static double[] gathered(double[] rows, double[] start) {
        double[] out = start.clone();
        for (int i = 0; i < CHOSEN.length; i++) {
            for (int j = 0; j < HIDDEN; j++) {
                out[i / CHOICES * HIDDEN + j] += weights()[i] * rows[place(i) * HIDDEN + j];
            }
        }
        return out;
    }

    /** With weights in fp32, as the router gives them. */
    private static void unpermute(ProbeDevice device) {
        Operand rows = device.random(84, CHOSEN.length, HIDDEN);
        Operand out = device.empty(TOKENS, HIDDEN);
        device.ops()
                .moe()
                .moeTokenUnpermute(
                        device.plan(),
                        rows.tensor(),
                        device.of(AclDataType.INT32, PLACES, CHOSEN.length).tensor(),
                        device.of(AclDataType.FLOAT32, weights(), TOKENS, CHOICES)
                                .tensor(),
                        false,
                        out.tensor());
        device.run();
        device.expect("out", out, gathered(rows.values(), new double[TOKENS * HIDDEN]));
    }

    private static void finish(ProbeDevice device) {
        Operand rows = device.random(85, CHOSEN.length, HIDDEN);
        Operand shared = device.random(86, TOKENS, HIDDEN);
        Operand out = device.empty(TOKENS, HIDDEN);
        device.ops()
                .moe()
                .moeFinalizeRoutingV2(
                        device.plan(),
                        rows.tensor(),
                        device.of(AclDataType.INT32, PLACES, CHOSEN.length).tensor(),
                        shared.tensor(),
                        null,
                        null,
                        device.floats(weights(), TOKENS, CHOICES).tensor(),
                        chosen(device).tensor(),
                        2,
                        out.tensor());
        device.run();
        device.expect("out", out, gathered(rows.values(), shared.values()));
    }
}
