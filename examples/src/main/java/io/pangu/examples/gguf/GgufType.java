package io.pangu.examples.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The element formats of GGUF tensors that we can widen. Elements are stored in blocks along a row. */
public enum GgufType {
    /** Plain fp32. */
    F32(0, 1, 4) {
        @Override
        void widen(MemorySegment block, float[] into, int at) {
            into[at] = block.get(FLOAT, 0);
        }
    },
    /** 32 elements in 20 bytes: f16 step d, f16 minimum m, 16 bytes of nibbles; x = d * q + m. */
    Q4_1(3, 32, 20) {
        @Override
        void widen(MemorySegment block, float[] into, int at) {
            float step = Float.float16ToFloat(block.get(SHORT, 0));
            float minimum = Float.float16ToFloat(block.get(SHORT, 2));
            for (int j = 0; j < 16; j++) {
                int pair = block.get(ValueLayout.JAVA_BYTE, 4 + j);
                into[at + j] = step * (pair & 15) + minimum;
                into[at + j + 16] = step * ((pair >> 4) & 15) + minimum;
            }
        }
    },
    /** 32 elements in 34 bytes: f16 step d, 32 signed bytes; x = d * q. */
    Q8_0(8, 32, 34) {
        @Override
        void widen(MemorySegment block, float[] into, int at) {
            float step = Float.float16ToFloat(block.get(SHORT, 0));
            for (int j = 0; j < 32; j++) {
                into[at + j] = step * block.get(ValueLayout.JAVA_BYTE, 2 + j);
            }
        }
    };

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int id;
    private final int blockElements;
    private final int blockBytes;

    GgufType(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** The number that stands for this type in a file. */
    public int id() {
        return id;
    }

    /** Elements of one block; divides the length of every row. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes of one block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Widens one block to fp32. */
    abstract void widen(MemorySegment block, float[] into, int at);
}
