package io.pangu.runtime.backend;

import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import java.util.List;

/**
 * A linear layer as doubles. Schemes that round or quantise do so to weights when packed and to inputs when applied; the
 * rest is exact to double precision. Stored int8 weights are whole numbers here.
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
    private final long[] sumBias; // (outFeatures), what is added before the scale, 0 without one
    private final List<HostMatrix> parts;
    private boolean isClosed;

    ReferenceLinear(ReferenceDevice device, HostLinear linear) {
        this.device = device;
        this.scheme = linear.scheme();
        this.inFeatures = linear.inFeatures();
        this.outFeatures = linear.outFeatures();
        this.weights = new double[outFeatures * inFeatures];
        this.scales = new double[outFeatures];
        this.bias = new double[outFeatures];
        this.sumBias = new long[outFeatures];
        this.parts = linear.parts();
        int row = 0;
        for (HostMatrix part : parts) {
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
        boolean isStored = part.quantization().isPresent();
        if (part.dtype() == DType.F64 || part.dtype() == DType.I32 || (part.dtype() == DType.I8 && !isStored)) {
            throw new IllegalArgumentException("weights of " + part.name() + " are " + part.dtype());
        }
        double[] values = new double[inFeatures];
        for (int c = 0; c < inFeatures; c++) {
            values[c] = ReferenceElements.read(
                    part.data(),
                    part.dtype(),
                    partRow * part.rowStrideBytes() + (long) c * part.dtype().bytes());
        }
        scales[row] = isStored ? part.quantization().get().scale(partRow) : ReferenceRounding.ofWeights(scheme, values);
        if (isStored && part.quantization().get() instanceof RowQuantization.Static fixed) {
            sumBias[row] = fixed.bias()[partRow];
        }
        for (int c = 0; c < inFeatures; c++) {
            weights[c * outFeatures + row] = values[c];
        }
    }

    /** {@code out = x W^T + bias} for one row of x. */
    double[] apply(double[] x) {
        requireOpen();
        double[] out = new double[outFeatures];
        int first = 0;
        for (HostMatrix part : parts) {
            double[] input = x.clone();
            double inputScale =
                    part.quantization().isPresent() && part.quantization().get() instanceof RowQuantization.Static fixed
                            ? ReferenceRounding.fixed(fixed.input(), input, device.activationType())
                            : ReferenceRounding.ofInputs(scheme, input, device.activationType());
            int end = first + part.rows();
            for (int i = 0; i < inFeatures; i++) {
                addScaled(weights, i * outFeatures + first, input[i], out, first, end);
            }
            for (int o = first; o < end; o++) {
                out[o] = (out[o] + sumBias[o]) * inputScale * scales[o] + bias[o];
            }
            first = end;
        }
        return out;
    }

    /** A loop by itself, which the compiler turns into vector instructions; each sum keeps its order. */
    private static void addScaled(double[] from, int fromFirst, double factor, double[] to, int first, int end) {
        for (int o = first; o < end; o++) {
            to[o] += from[fromFirst - first + o] * factor;
        }
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
