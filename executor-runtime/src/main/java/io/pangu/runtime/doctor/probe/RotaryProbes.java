package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import java.util.List;

/** Rotary position embedding of heads of 128: each half of a head turns with the other. */
final class RotaryProbes {
    private static final int TOKENS = 2;
    private static final int HEADS = 2;
    private static final int HEAD_DIM = 128;
    private static final long BSND = 1;

    private RotaryProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.APPLY_ROTARY_POS_EMB, device -> inPlace(device, false)),
                new OperatorProbe(AclnnOperator.APPLY_ROTARY_POS_EMB_V2, device -> inPlace(device, true)),
                new OperatorProbe(AclnnOperator.ROTARY_POSITION_EMBEDDING, RotaryProbes::intoAnother),
                new OperatorProbe(AclnnOperator.ROPE_WITH_SIN_COS_CACHE, RotaryProbes::byTable));
    }

    /** A row of cosines or sines per token, both halves alike; the angles are ours alone. */
    private static double[] table(boolean isCosine) {
        double[] out = new double[TOKENS * HEAD_DIM];
        for (int i = 0; i < out.length; i++) {
            double angle = (1 + i / HEAD_DIM) * 0.1 * (i % (HEAD_DIM / 2));
            out[i] = isCosine ? Math.cos(angle) : Math.sin(angle);
        }
        return out;
    }

    private static Operand table(ProbeDevice device, boolean isCosine) {
        return device.floats(table(isCosine), 1, TOKENS, 1, HEAD_DIM);
    }

    private static double[] rotated(double[] x, int heads, Operand cos, Operand sin) {
        double[] out = new double[x.length];
        int half = HEAD_DIM / 2;
        for (int i = 0; i < x.length; i++) {
            int at = i / (heads * HEAD_DIM) * HEAD_DIM + i % HEAD_DIM;
            double partner = i % HEAD_DIM < half ? -x[i + half] : x[i - half];
            out[i] = x[i] * cos.values()[at] + partner * sin.values()[at];
        }
        return out;
    }

    private static void inPlace(ProbeDevice device, boolean isNewer) {
        Operand q = device.random(60, 1, TOKENS, HEADS, HEAD_DIM);
        Operand k = device.random(61, 1, TOKENS, 1, HEAD_DIM);
        Operand cos = table(device, true);
        Operand sin = table(device, false);
        if (isNewer) {
            device.ops()
                    .rotary()
                    .applyRotaryPosEmbV2(
                            device.plan(),
                            q.tensor(),
                            k.tensor(),
                            cos.tensor(),
                            sin.tensor(),
                            BSND,
                            NativeText.of("half"));
        } else {
            device.ops()
                    .rotary()
                    .applyRotaryPosEmb(device.plan(), q.tensor(), k.tensor(), cos.tensor(), sin.tensor(), BSND);
        }
        device.run();
        device.expect("queryRef", q, rotated(q.values(), HEADS, cos, sin));
        device.expect("keyRef", k, rotated(k.values(), 1, cos, sin));
    }

    private static void intoAnother(ProbeDevice device) {
        Operand q = device.random(62, 1, TOKENS, HEADS, HEAD_DIM);
        Operand cos = table(device, true);
        Operand sin = table(device, false);
        Operand out = device.empty(1, TOKENS, HEADS, HEAD_DIM);
        device.ops()
                .rotary()
                .rotaryPositionEmbedding(device.plan(), q.tensor(), cos.tensor(), sin.tensor(), 0, out.tensor());
        device.run();
        device.expect("out", out, rotated(q.values(), HEADS, cos, sin));
    }

    /** By a table that has a row per position, the cosines of half a head and then its sines. */
    private static void byTable(ProbeDevice device) {
        Operand cos = table(device, true);
        Operand sin = table(device, false);
        double[] cache = new double[TOKENS * HEAD_DIM];
        for (int i = 0; i < cache.length; i++) {
            int row = i / HEAD_DIM * HEAD_DIM;
            int column = i % HEAD_DIM % (HEAD_DIM / 2);
            cache[i] = (i % HEAD_DIM < HEAD_DIM / 2 ? cos : sin).values()[row + column];
        }
        Operand positions = device.of(AclDataType.INT64, new double[] {0, 1}, TOKENS);
        Operand q = device.random(63, TOKENS, HEADS * HEAD_DIM);
        Operand k = device.random(64, TOKENS, HEAD_DIM);
        Operand queryOut = device.empty(TOKENS, HEADS * HEAD_DIM);
        Operand keyOut = device.empty(TOKENS, HEAD_DIM);
        device.ops()
                .rotary()
                .ropeWithSinCosCache(
                        device.plan(),
                        positions.tensor(),
                        q.tensor(),
                        k.tensor(),
                        device.floats(cache, TOKENS, HEAD_DIM).tensor(),
                        null,
                        HEAD_DIM,
                        true,
                        queryOut.tensor(),
                        keyOut.tensor());
        device.run();
        device.expect("queryOut", queryOut, rotated(q.values(), HEADS, cos, sin));
        device.expect("keyOut", keyOut, rotated(k.values(), 1, cos, sin));
    }
}
