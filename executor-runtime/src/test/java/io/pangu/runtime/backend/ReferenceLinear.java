package io.pangu.runtime.backend;

import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;

/**
 * A linear layer as doubles. Schemes that round or quantise do so to weights when packed and to inputs when applied; the
 * rest is exact to double precision.
 */
final class ReferenceLinear implements LinearWeight {
    private final ReferenceDevice device;
    private final WeightScheme scheme;
    private final int inFeatures;
    private final int outFeatures;
    private final double[]
            weights; // (inFeatures, outFeatures): the inner loop of a product then runs over sums of their own
    private final double[] scales; // (outFeatures), 1 unless the scheme quantises
    private final double[] bias; // (outFeatures), 0 without one
    private boolean isClosed;

    ReferenceLinear(ReferenceDevice device, HostLinear linear) {
        this.device = device;
        this.scheme = linear.scheme();
        this.inFeatures = linear.inFeatures();
        this.outFeatures = linear.outFeatures();
        this.weights = new double[outFeatures * inFeatures];
        this.scales = new double[outFeatures];
        this.bias = new double[outFeatures];
        int row = 0;
        for (HostMatrix part : linear.parts()) {
            for (int r = 0; r < part.rows(); r++) {
                packRow(part, r, row);
                row++;
            }
        }
        linear.bias().ifPresent(values -> {
            for (int i = 0; i < values.length; i++) {
                bias[i] = values[i];
            }
        });
        device.taken(sizeBytes());
    }

    private void packRow(HostMatrix part, int partRow, int row) {
        if (part.dtype() == DType.F64 || part.dtype() == DType.I32) {
            throw new IllegalArgumentException("weights of " + part.name() + " are " + part.dtype());
        }
        double[] values = new double[inFeatures];
        for (int c = 0; c < inFeatures; c++) {
            values[c] = ReferenceElements.read(
                    part.data(),
                    part.dtype(),
                    partRow * part.rowStrideBytes() + (long) c * part.dtype().bytes());
        }
        scales[row] = toScheme(values);
        for (int c = 0; c < inFeatures; c++) {
            weights[c * outFeatures + row] = values[c];
        }
    }

    /** {@code out = x W^T + bias} for one row of x. */
    double[] apply(double[] x) {
        requireOpen();
        double[] input = x.clone();
        double inputScale = toScheme(input);
        double[] out = new double[outFeatures];
        for (int i = 0; i < inFeatures; i++) {
            for (int o = 0; o < outFeatures; o++) {
                out[o] += weights[i * outFeatures + o] * input[i];
            }
        }
        for (int o = 0; o < outFeatures; o++) {
            out[o] = out[o] * inputScale * scales[o] + bias[o];
        }
        return out;
    }

    /** Rounds a row of weights or inputs in place as the scheme holds them; gives the factor that undoes it. */
    private double toScheme(double[] row) {
        return switch (scheme) {
            case WeightScheme.Float32 f -> 1;
            case WeightScheme.Bf16 b -> {
                for (int i = 0; i < row.length; i++) {
                    row[i] = ReferenceElements.roundToBf16(row[i]);
                }
                yield 1;
            }
            case WeightScheme.W8A8Dynamic w -> quantize(row);
        };
    }

    /** Scale and quotient in fp32 as the scheme says: in double precision other values would tie. */
    private static double quantize(double[] row) {
        float largest = 0;
        for (double value : row) {
            largest = Math.max(largest, Math.abs((float) value));
        }
        float scale = largest / 127f;
        for (int i = 0; i < row.length; i++) {
            row[i] = scale == 0 ? 0 : Math.clamp(Math.rint((float) row[i] / scale), -127.0, 127.0);
        }
        return scale;
    }

    private void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("the weight is closed");
        }
    }

    ReferenceDevice device() {
        return device;
    }

    @Override
    public int inFeatures() {
        return inFeatures;
    }

    @Override
    public int outFeatures() {
        return outFeatures;
    }

    @Override
    public long sizeBytes() {
        return 8L * (weights.length + scales.length + bias.length);
    }

    @Override
    public void close() {
        requireOpen();
        isClosed = true;
        device.released(sizeBytes());
    }
}
