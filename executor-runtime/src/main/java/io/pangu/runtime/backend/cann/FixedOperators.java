package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Linear layers of int8 whose inputs are quantised in steps that the checkpoint has fixed (model-spec 5.2): {@code (x_q W_q +
 * bias) scale}.
 */
final class FixedOperators {
    private final CannQueue queue;
    private final CannConstants constants;
    private final Scratch scratch;
    private final Int8Operators int8;

    FixedOperators(CannQueue queue, CannConstants constants, Scratch scratch) {
        this.queue = queue;
        this.constants = constants;
        this.scratch = scratch;
        this.int8 = new Int8Operators(queue);
    }

    /** What the operators of one run hand to each other. */
    private record Places(CannTensor rows, CannTensor sums, CannTensor scaled, CannTensor part) {}

    /**
     * {@code out = x W^T + bias}, run by run.
     *
     * @param x (n, inFeatures) in the activation type
     * @param out (n, outFeatures) likewise
     */
    void multiply(CannTensor x, CannLayer layer, CannTensor out) {
        AclDataType type = out.view().dataType();
        long n = x.rows();
        long k = layer.inFeatures();
        long most =
                layer.runs().stream().mapToLong(CannLinear::outFeatures).max().orElseThrow();
        Scratch.Frame frame = scratch.frame(
                Scratch.bytes(AclDataType.FLOAT32, n, k),
                Scratch.bytes(AclDataType.INT8, n, k),
                Scratch.bytes(AclDataType.INT32, n, most),
                Scratch.bytes(AclDataType.FLOAT32, n, most),
                Scratch.bytes(type, n, most));
        CannTensor floats = queue.asFloats(x, frame.take(AclDataType.FLOAT32, n, k));
        CannTensor rows = frame.take(AclDataType.INT8, n, k);
        long sums = frame.take(AclDataType.INT32, n, most).start();
        long scaled = frame.take(AclDataType.FLOAT32, n, most).start();
        long part = frame.take(type, n, most).start();
        int column = 0;
        for (CannLinear run : layer.runs()) {
            int8.inSteps(floats, Objects.requireNonNull(run.steps()), rows);
            int width = run.outFeatures();
            Places places = new Places(
                    rows,
                    CannTensor.dense(AclDataType.INT32, sums, n, width),
                    CannTensor.dense(AclDataType.FLOAT32, scaled, n, width),
                    CannTensor.dense(type, part, n, width));
            if (layer.runs().size() == 1) {
                multiply(run, places, out);
            } else {
                multiply(run, places, places.part);
                int8.copy(places.part, out.columns(column, width));
            }
            column += width;
        }
    }

    /** By the kernel for this type of results: it adds the bias to sums or results, or leaves scaling to others. */
    private void multiply(CannLinear run, Places places, CannTensor out) {
        CannTensor weight = run.transposed(AclDataType.INT8);
        CannTensor scale = run.vector(AclDataType.FLOAT32, Objects.requireNonNull(run.scale()));
        AclDataType type = out.view().dataType();
        AclDataType biasType = Int8Operators.fixedBiasType(queue, type);
        @Nullable CannTensor bias = run.bias() == null ? null : run.vector(biasType, run.bias());
        if (type == AclDataType.FLOAT16) {
            int8.multiply(places.rows, weight, scale, constants.ones(out.rows()), bias, out);
        } else if (biasType == AclDataType.FLOAT32) {
            int8.multiply(places.rows, weight, scale, null, bias, out);
        } else {
            int8.multiply(places.rows, weight, constants.ones(1), null, bias, places.sums);
            queue.cast(places.sums, places.scaled);
            int8.scale(places.scaled, scale);
            queue.cast(places.scaled, out);
        }
    }
}
