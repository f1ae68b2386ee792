package io.pangu.runtime.backend;

import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;

/**
 * What schemes do to a row of weights or inputs before it is multiplied. A device of fp32 finds scales and quotients in fp32, as
 * the schemes say; one of doubles does so in doubles, which is what the golden answers were made with.
 */
final class ReferenceRounding {
    private ReferenceRounding() {}

    /** Rounds float weights in place; gives the factor that undoes it. */
    static double ofWeights(WeightScheme scheme, double[] row) {
        return switch (scheme) {
            case WeightScheme.W8A8Static s -> throw new IllegalArgumentException("float weights for " + s);
            default -> ofInputs(scheme, row, DType.F32);
        };
    }

    /** Rounds inputs in place; gives the factor that undoes it. */
    static double ofInputs(WeightScheme scheme, double[] row, DType activationType) {
        return switch (scheme) {
            case WeightScheme.Float32 f -> 1;
            case WeightScheme.Bf16 b -> {
                for (int i = 0; i < row.length; i++) {
                    row[i] = ReferenceElements.roundToBf16(row[i]);
                }
                yield 1;
            }
            case WeightScheme.W8A8Dynamic d -> dynamic(row, activationType);
            case WeightScheme.W8A8Static s -> throw new IllegalArgumentException("no fixed input for " + s);
        };
    }

    private static double dynamic(double[] row, DType activationType) {
        double largest = 0;
        for (double value : row) {
            largest = Math.max(largest, Math.abs(value));
        }
        double scale = quotient(largest, 127, activationType);
        for (int i = 0; i < row.length; i++) {
            row[i] = scale == 0 ? 0 : Math.clamp(Math.rint(quotient(row[i], scale, activationType)), -127.0, 127.0);
        }
        return scale;
    }

    /** The same by a scale and an offset that were fixed beforehand; 1, but for a row that is no row of numbers. */
    static double fixed(InputQuantization by, double[] row, DType activationType) {
        double factor = 1;
        for (int i = 0; i < row.length; i++) {
            factor = Double.isNaN(row[i]) ? Double.NaN : factor;
            double steps = activationType == DType.F64
                    ? row[i] / by.scale() + by.offset()
                    : (float) row[i] / by.scale() + by.offset();
            row[i] = Math.max(-128, Math.min(127, Math.rint(steps)));
        }
        return factor;
    }

    private static double quotient(double a, double b, DType activationType) {
        return activationType == DType.F64 ? a / b : (float) a / (float) b;
    }
}
