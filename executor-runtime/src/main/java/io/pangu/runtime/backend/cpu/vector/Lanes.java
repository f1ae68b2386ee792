package io.pangu.runtime.backend.cpu.vector;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes that the kernels are compiled for: the machine's preferred one between 128 and 512 bit, so that four
 * vectors never span more than one column block.
 */
final class Lanes {
    static final VectorSpecies<Float> FLOATS = floats();
    static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
    static final VectorSpecies<Short> SHORTS = FLOATS.withLanes(short.class);

    /** Shorts of half the width: as many lanes as {@link #INTS}. */
    static final VectorSpecies<Short> NARROW_SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private Lanes() {}

    private static VectorSpecies<Float> floats() {
        int bits = Math.clamp(FloatVector.SPECIES_PREFERRED.vectorBitSize(), 128, 512);
        return VectorSpecies.of(float.class, VectorShape.forBitSize(Integer.highestOneBit(bits)));
    }

    /** How wide the kernels are, in bits. */
    static int bits() {
        return FLOATS.vectorBitSize();
    }
}
