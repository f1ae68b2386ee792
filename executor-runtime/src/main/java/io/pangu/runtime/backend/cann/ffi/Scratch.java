package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A thread's own few words of native memory, for results that C writes through pointers and for short arrays that it copies, so
 * that a call allocates nothing. Valid until the thread's next call.
 */
final class Scratch {
    /** Words for results; the rest is for arrays. */
    static final int RESULT_WORDS = 4;

    private static final int WORDS = 64;
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final MemorySegment words =
            Arena.ofAuto().allocate(WORDS * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());

    private Scratch() {}

    /** This thread's, the words for results zero. */
    static Scratch zeroed() {
        Scratch scratch = OF_THREAD.get();
        for (int i = 0; i < RESULT_WORDS; i++) {
            scratch.words.setAtIndex(JAVA_LONG, i, 0);
        }
        return scratch;
    }

    /** The pointer for C; words are eight bytes each. */
    long pointer(int word) {
        return words.address() + word * JAVA_LONG.byteSize();
    }

    long asLong(int word) {
        return words.getAtIndex(JAVA_LONG, word);
    }

    int asInt(int word) {
        return words.get(JAVA_INT, word * JAVA_LONG.byteSize());
    }

    float asFloat(int word) {
        return words.get(JAVA_FLOAT, word * JAVA_LONG.byteSize());
    }

    void setInt(int word, int value) {
        words.set(JAVA_INT, word * JAVA_LONG.byteSize(), value);
    }

    void setLong(int word, long value) {
        words.setAtIndex(JAVA_LONG, word, value);
    }

    /** Writes values from a word on and gives the pointer to them. */
    long array(int word, long[] values) {
        MemorySegment.copy(values, 0, words, JAVA_LONG, word * JAVA_LONG.byteSize(), values.length);
        return pointer(word);
    }
}
