package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Elements of every type as doubles, one at a time: slow and plain. */
final class ReferenceElements {
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ReferenceElements() {}

    static double read(MemorySegment data, DType dtype, long byteOffset) {
        return switch (dtype) {
            case F64 -> data.get(F64, byteOffset);
            case F32 -> data.get(F32, byteOffset);
            case F16 -> Float.float16ToFloat(data.get(I16, byteOffset));
            case BF16 -> Float.intBitsToFloat(data.get(I16, byteOffset) << 16);
            case I32 -> data.get(I32, byteOffset);
            case I8 -> data.get(ValueLayout.JAVA_BYTE, byteOffset);
            case I64, I16, U8, BOOL -> throw new IllegalArgumentException(dtype + " is no operand");
        };
    }

    static void write(MemorySegment data, DType dtype, long byteOffset, double value) {
        switch (dtype) {
            case F64 -> data.set(F64, byteOffset, value);
            case F32 -> data.set(F32, byteOffset, (float) value);
            case I32 -> data.set(I32, byteOffset, (int) value);
            case F16, BF16, I64, I16, I8, U8, BOOL -> throw new IllegalArgumentException(dtype + " is no result");
        }
    }

    /** To the nearest bf16, ties to even. */
    static double roundToBf16(double value) {
        int bits = Float.floatToRawIntBits((float) value);
        if (Double.isNaN(value)) {
            return value;
        }
        int rounded = bits + 0x7FFF + ((bits >>> 16) & 1);
        return Float.intBitsToFloat(rounded & 0xFFFF0000);
    }
}
