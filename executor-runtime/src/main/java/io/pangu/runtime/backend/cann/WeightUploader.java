package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.quant.FloatFormat;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.Int8Rows;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings matrices to a device row by row: floats rounded to the activation type, or quantised. Rows stay rows, operators see
 * them transposed. Used by the thread that drives the device.
 */
final class WeightUploader {
    /** Rows are sent when there are so many bytes of them. */
    private static final long PIECE_BYTES = 4L << 20;

    private final CannArena arena;
    private final CannQueue queue;
    private final DType floatType;

    WeightUploader(CannArena arena, CannQueue queue, DType floatType) {
        this.arena = arena;
        this.queue = queue;
        this.floatType = floatType;
    }

    DType floatType() {
        return floatType;
    }

    /** Brings one layer. */
    CannLayer linear(HostLinear host) {
        List<CannLinear> runs = new ArrayList<>();
        try {
            for (HostLinear run : host.byInput()) {
                FixedSteps.Wanted steps = run.input().map(FixedSteps.Wanted::of).orElse(null);
                runs.add(matrix(List.of(run), DType.F32, steps));
            }
            return new CannLayer(runs);
        } catch (RuntimeException e) {
            runs.forEach(CannLinear::close);
            throw e;
        }
    }

    /**
     * Brings the matrices of one layer, or of the same layer of several experts, one below the other.
     *
     * @param layers of equal shape and scheme; several have no biases
     * @param scaleType of the scales of int8
     * @param steps in which inputs are quantised; null where that is not fixed
     */
    CannLinear matrix(List<HostLinear> layers, DType scaleType, FixedSteps.@Nullable Wanted steps) {
        HostLinear first = layers.get(0);
        int rows = Math.multiplyExact(layers.size(), first.outFeatures());
        boolean isInt8 = steps != null || first.scheme() instanceof WeightScheme.W8A8Dynamic;
        if (isInt8) {
            RequiredOperators.checkInt8(queue.cann());
        }
        long rowBytes = (long) first.inFeatures() * (isInt8 ? Byte.BYTES : floatType.bytes());
        List<CannBuffer> sent = new ArrayList<>();
        try {
            CannBuffer weight = arena.allocate(rows * rowBytes);
            sent.add(weight);
            float[] scales = sendRows(layers, rowBytes, weight, isInt8);
            CannBuffer scale = isInt8 ? send(scales, scaleType, sent) : null;
            CannBuffer bias = null;
            if (steps != null) {
                bias = sendWhole(wholeBias(layers), scales, sent);
            } else if (first.bias().isPresent()) {
                bias = send(first.bias().get(), floatType, sent);
            }
            FixedSteps fixed =
                    steps == null ? null : new FixedSteps(send(steps.encoded(), DType.F32, sent), steps.column());
            return new CannLinear(first.inFeatures(), first.outFeatures(), weight, scale, bias, fixed);
        } catch (RuntimeException e) {
            sent.forEach(CannBuffer::close);
            throw e;
        }
    }

    /** The integer biases of layers whose inputs are quantised in fixed steps, one after the other. */
    static int[] wholeBias(List<HostLinear> layers) {
        return layers.stream()
                .flatMap(layer -> layer.parts().stream())
                .flatMapToInt(part -> Arrays.stream(fixed(part).bias()))
                .toArray();
    }

    /** What a part of such a layer needs besides its elements. */
    static RowQuantization.Static fixed(HostMatrix part) {
        return (RowQuantization.Static) part.quantization().orElseThrow();
    }

    /** Sends all rows; gives their scales, where they are quantised. */
    private float[] sendRows(List<HostLinear> layers, long rowBytes, CannBuffer target, boolean isInt8) {
        int cols = layers.get(0).inFeatures();
        float[] scales = new float[Math.toIntExact(target.sizeBytes() / Math.max(1, rowBytes))];
        float[] row = new float[cols];
        byte[] quantised = new byte[cols];
        int piece = Math.toIntExact(Math.clamp(PIECE_BYTES / Math.max(1, rowBytes), 1, Math.max(1, scales.length)));
        try (Arena host = Arena.ofConfined()) {
            MemorySegment rows = host.allocate(piece * rowBytes);
            int filled = 0;
            int sent = 0;
            for (HostLinear layer : layers) {
                for (HostMatrix part : layer.parts()) {
                    for (int i = 0; i < part.rows(); i++) {
                        part.readRow(i, row);
                        MemorySegment place = rows.asSlice(filled * rowBytes, rowBytes);
                        if (isInt8) {
                            scales[sent + filled] = int8(part, i, row, quantised);
                            MemorySegment.copy(quantised, 0, place, ValueLayout.JAVA_BYTE, 0, cols);
                        } else {
                            FloatFormat.encode(row, cols, floatType, place);
                        }
                        filled++;
                        if (filled == piece) {
                            queue.upload(rows, target.address() + sent * rowBytes);
                            sent += filled;
                            filled = 0;
                        }
                    }
                }
            }
            if (filled > 0) {
                queue.upload(rows.asSlice(0, filled * rowBytes), target.address() + sent * rowBytes);
            }
        }
        return scales;
    }

    /** Quantises a row of floats; takes one that is stored quantised as it is. Gives its scale. */
    private static float int8(HostMatrix part, int index, float[] row, byte[] quantised) {
        if (part.quantization().isEmpty()) {
            return Int8Rows.quantize(row, part.cols(), quantised);
        }
        for (int i = 0; i < part.cols(); i++) {
            quantised[i] = (byte) row[i];
        }
        return part.quantization().get().scale(index);
    }

    /** A bias in whole numbers, as the operators of this device add it; null for one of zeros. */
    private @Nullable CannBuffer sendWhole(int[] bias, float[] scales, List<CannBuffer> sent) {
        if (Arrays.stream(bias).allMatch(value -> value == 0)) {
            return null;
        }
        if (Int8Operators.fixedBiasType(queue, CannOperands.type(floatType)) == AclDataType.INT32) {
            return send(MemorySegment.ofArray(bias), sent);
        }
        float[] scaled = new float[bias.length];
        for (int i = 0; i < bias.length; i++) {
            scaled[i] = (float) ((double) bias[i] * scales[i]);
        }
        return send(scaled, DType.F32, sent);
    }

    /**
     * Sends numbers to memory of their own.
     *
     * @param sent where that memory is noted
     */
    CannBuffer send(float[] values, DType dtype, List<CannBuffer> sent) {
        try (Arena host = Arena.ofConfined()) {
            MemorySegment encoded = host.allocate((long) values.length * dtype.bytes());
            FloatFormat.encode(values, values.length, dtype, encoded);
            return send(encoded, sent);
        }
    }

    private CannBuffer send(MemorySegment encoded, List<CannBuffer> sent) {
        CannBuffer target = arena.allocate(encoded.byteSize());
        sent.add(target);
        queue.upload(encoded, target.address());
        return target;
    }
}
