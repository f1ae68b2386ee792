package io.pangu.runtime.backend.cann;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.FloatFormat;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.Int8Rows;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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

    /**
     * Brings one layer.
     *
     * @throws EngineException {@code UNSUPPORTED_MODEL} when its inputs are quantised by steps that the checkpoint has fixed
     */
    CannLinear linear(HostLinear host) {
        return stacked(List.of(host), DType.F32);
    }

    /**
     * Brings experts.
     *
     * @throws IllegalArgumentException when there are none, or they differ in shape or scheme
     * @throws EngineException {@code UNSUPPORTED_MODEL} as for one layer
     */
    CannExperts experts(List<HostExpert> experts) {
        if (experts.isEmpty()) {
            throw new IllegalArgumentException("no experts");
        }
        HostLinear first = experts.get(0).down();
        CannLinear gateUp = stacked(experts, HostExpert::gateUp);
        try {
            CannLinear down = stacked(experts, HostExpert::down);
            return new CannExperts(experts.size(), first.outFeatures(), first.inFeatures(), gateUp, down);
        } catch (RuntimeException e) {
            gateUp.close();
            throw e;
        }
    }

    private CannLinear stacked(List<HostExpert> experts, Function<HostExpert, HostLinear> part) {
        List<HostLinear> layers = experts.stream().map(part).toList();
        HostLinear first = layers.get(0);
        for (HostLinear layer : layers) {
            if (layer.inFeatures() != first.inFeatures()
                    || layer.outFeatures() != first.outFeatures()
                    || !layer.scheme().equals(first.scheme())
                    || layer.bias().isPresent()) {
                throw new IllegalArgumentException("experts differ in shape or scheme, or have biases");
            }
        }
        // grouped products into bf16 take bf16 scales
        return stacked(layers, floatType == DType.BF16 ? DType.BF16 : DType.F32);
    }

    private CannLinear stacked(List<HostLinear> layers, DType scaleType) {
        HostLinear first = layers.get(0);
        if (first.scheme() instanceof WeightScheme.W8A8Static) {
            throw new EngineException(
                    ErrorCode.UNSUPPORTED_MODEL,
                    first.parts().get(0).name()
                            + " is W8A8 with a fixed scale of its inputs, which NPUs are not asked to"
                            + " multiply yet; use backend cpu, or a checkpoint of W8A8_DYNAMIC or of floats",
                    Map.of("tensor", first.parts().get(0).name()),
                    null);
        }
        int rows = Math.multiplyExact(layers.size(), first.outFeatures());
        boolean isInt8 = first.scheme() instanceof WeightScheme.W8A8Dynamic;
        if (isInt8) {
            RequiredOperators.checkInt8(queue.cann());
        }
        long rowBytes = (long) first.inFeatures() * (isInt8 ? Byte.BYTES : floatType.bytes());
        CannBuffer weight = arena.allocate(rows * rowBytes);
        @Nullable CannBuffer scale = null;
        @Nullable CannBuffer bias = null;
        try {
            float[] scales = sendRows(layers, rowBytes, weight, isInt8);
            if (isInt8) {
                scale = arena.allocate((long) rows * scaleType.bytes());
                send(scales, scaleType, scale);
            }
            if (first.bias().isPresent()) {
                bias = arena.allocate((long) rows * floatType.bytes());
                send(first.bias().orElseThrow(), floatType, bias);
            }
            return new CannLinear(first.inFeatures(), first.outFeatures(), weight, scale, bias);
        } catch (RuntimeException e) {
            new CannLinear(first.inFeatures(), first.outFeatures(), weight, scale, bias).close();
            throw e;
        }
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

    private void send(float[] values, DType dtype, CannBuffer target) {
        try (Arena host = Arena.ofConfined()) {
            MemorySegment encoded = host.allocate(target.sizeBytes());
            FloatFormat.encode(values, values.length, dtype, encoded);
            queue.upload(encoded, target.address());
        }
    }
}
