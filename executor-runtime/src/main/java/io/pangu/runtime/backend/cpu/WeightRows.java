package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Optional;

/** Reads rows of a linear layer's stacked parts as fp32, stored int8 weights as whole numbers. */
final class WeightRows {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final HostLinear linear;

    /** First row of each part in the stack. */
    private final int[] firstRows;

    /**
     * The rows of a layer.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} when a part is neither of a float type nor quantised
     */
    WeightRows(HostLinear linear) {
        this.linear = linear;
        firstRows = new int[linear.parts().size()];
        int row = 0;
        for (int i = 0; i < firstRows.length; i++) {
            HostMatrix part = linear.parts().get(i);
            DType dtype = part.dtype();
            boolean isFloat = dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
            if (!isFloat && part.quantization().isEmpty()) {
                throw new EngineException(
                        ErrorCode.INVALID_CHECKPOINT,
                        "tensor '" + part.name() + "' is of type " + dtype
                                + "; float weights are F32, F16 or BF16, re-export the checkpoint in one of these",
                        Map.of("tensor", part.name(), "dtype", dtype.toString()),
                        null);
            }
            firstRows[i] = row;
            row += part.rows();
        }
    }

    /** Reads {@code count} elements of a row from column {@code from} on. */
    void read(int row, int from, int count, float[] target, int at) {
        HostMatrix part = linear.parts().get(partOf(row));
        long offset = (row - firstRows[partOf(row)]) * part.rowStrideBytes()
                + (long) from * part.dtype().bytes();
        MemorySegment data = part.data();
        switch (part.dtype()) {
            case F32 -> MemorySegment.copy(data, FLOAT, offset, target, at, count);
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = Float.intBitsToFloat(data.get(SHORT, offset + i * 2L) << 16);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = Float.float16ToFloat(data.get(SHORT, offset + i * 2L));
                }
            }
            case I8 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = data.get(ValueLayout.JAVA_BYTE, offset + i);
                }
            }
            default -> throw new IllegalArgumentException(part.dtype() + " is refused by the constructor");
        }
    }

    /**
     * The scale of a row quantised to int8, {@code max|w| / 127}.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} when the row holds what is not a finite number
     */
    float int8Scale(int row, float[] buffer) {
        float most = 0;
        for (int from = 0; from < linear.inFeatures(); from += buffer.length) {
            int count = Math.min(buffer.length, linear.inFeatures() - from);
            read(row, from, count, buffer, 0);
            for (int i = 0; i < count; i++) {
                most = Math.max(most, Math.abs(buffer[i]));
            }
        }
        if (!Float.isFinite(most)) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    "tensor '" + name(row) + "' row " + rowInPart(row) + " holds " + most
                            + ", which int8 cannot; load it as bf16 or mend the checkpoint",
                    Map.of("tensor", name(row)),
                    null);
        }
        return most / 127;
    }

    /** What a row of stored int8 weights needs besides, for all rows of its part; empty for floats. */
    Optional<RowQuantization> quantization(int row) {
        return linear.parts().get(partOf(row)).quantization();
    }

    /** Where a row stands in its part. */
    int rowInPart(int row) {
        return row - firstRows[partOf(row)];
    }

    /** The tensor that a row came from. */
    String name(int row) {
        return linear.parts().get(partOf(row)).name();
    }

    private int partOf(int row) {
        int part = firstRows.length - 1;
        while (firstRows[part] > row) {
            part--;
        }
        return part;
    }
}
