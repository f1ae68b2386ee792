package io.pangu.runtime.model;

import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.WeightSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * The linear modules of a checkpoint as it stores them: floats, or int8 with what its quantiser wrote beside (model-spec 5).
 * A module goes by the name of its weight, {@code ...q_proj.weight}.
 */
final class LinearModules {
    private static final String WEIGHT = "weight";
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final WeightSource source;

    LinearModules(WeightSource source) {
        this.source = source;
    }

    /** How a module is held: as the checkpoint has quantised it, and a float one as this scheme says. */
    WeightScheme scheme(String weight, WeightScheme ofFloats) {
        return switch (source.quantization().typeOf(weight)) {
            case FLOAT -> ofFloats;
            case W8A8 -> WeightScheme.W8A8_STATIC;
            case W8A8_DYNAMIC -> WeightScheme.W8A8_DYNAMIC;
        };
    }

    /** A module's matrix; a quantised one has its scales and integer bias with it, and rows of it take theirs along. */
    HostMatrix matrix(String weight) {
        HostMatrix matrix = HostMatrix.of(source.tensor(weight));
        String module = weight.substring(0, weight.length() - WEIGHT.length());
        return switch (source.quantization().typeOf(weight)) {
            case FLOAT -> matrix;
            case W8A8 ->
                matrix.with(new RowQuantization.Static(
                        new InputQuantization(floats(module + "input_scale")[0], floats(module + "input_offset")[0]),
                        scales(module + "deq_scale"),
                        integers(module + "quant_bias")));
            case W8A8_DYNAMIC -> matrix.with(new RowQuantization.Dynamic(floats(weight + "_scale")));
        };
    }

    /** A module's bias as floats; empty where the matrix has it as integers, whatever floats stand beside. */
    Optional<float[]> bias(String weight) {
        String module = weight.substring(0, weight.length() - WEIGHT.length());
        return switch (source.quantization().typeOf(weight)) {
            case FLOAT, W8A8_DYNAMIC -> Optional.of(floats(module + "bias"));
            case W8A8 -> Optional.empty();
        };
    }

    /** All elements of a float or int8 tensor, whatever its extents. */
    float[] floats(String name) {
        HostTensor tensor = source.tensor(name);
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        new HostMatrix(
                        tensor.data(),
                        tensor.dtype(),
                        1,
                        values.length,
                        tensor.data().byteSize(),
                        name)
                .readRow(0, values);
        return values;
    }

    /** fp32 values, also where fp16 models have them as the bits of fp32 in integers of 64 bits. */
    float[] scales(String name) {
        HostTensor tensor = source.tensor(name);
        if (tensor.dtype() != DType.I64) {
            return floats(name);
        }
        MemorySegment data = tensor.data();
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat((int) data.get(LONG, (long) i * Long.BYTES));
        }
        return values;
    }

    private int[] integers(String name) {
        return source.tensor(name).data().toArray(INT);
    }

    /** Arrays one after the other. */
    static float[] joined(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
