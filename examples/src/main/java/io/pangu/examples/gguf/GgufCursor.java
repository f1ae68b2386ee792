package io.pangu.examples.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** A position in a mapped file that moves only over bytes that are there. Every count is bounded before it is believed. */
final class GgufCursor {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Keys, tensor names and vocabulary words are short; a template may be long. */
    private static final int MAX_STRING_BYTES = 1 << 20;

    private final MemorySegment bytes;
    private final String file;
    private long position;

    GgufCursor(MemorySegment bytes, String file) {
        this.bytes = bytes;
        this.file = file;
    }

    long position() {
        return position;
    }

    long remaining() {
        return bytes.byteSize() - position;
    }

    int readInt(String what) {
        return skip(Integer.BYTES, what).get(INT, 0);
    }

    long readLong(String what) {
        return skip(Long.BYTES, what).get(LONG, 0);
    }

    /**
     * Reads a count of things that take at least so many bytes each.
     *
     * @param leastBytes smallest size of one of them in the rest of the file
     */
    int readCount(int leastBytes, String what) {
        long at = position;
        long count = readLong(what);
        if (count < 0 || count > Integer.MAX_VALUE || count > remaining() / leastBytes) {
            throw damaged(at, what + " is " + Long.toUnsignedString(count) + ", more than the file can hold");
        }
        return (int) count;
    }

    String readString(String what) {
        long at = position;
        long length = readLong("length of " + what);
        if (length < 0 || length > MAX_STRING_BYTES) {
            throw damaged(at, what + " is announced with " + Long.toUnsignedString(length) + " bytes");
        }
        ByteBuffer text = skip(length, what).asByteBuffer();
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
        } catch (CharacterCodingException e) {
            throw damaged(at, what + " is not UTF-8");
        }
    }

    /** The next bytes; the position moves behind them. */
    MemorySegment skip(long count, String what) {
        if (count < 0 || count > remaining()) {
            throw damaged(position, "the file ends within " + what);
        }
        MemorySegment slice = bytes.asSlice(position, count);
        position += count;
        return slice;
    }

    GgufException damaged(long at, String fault) {
        return damaged(file, at, fault);
    }

    static GgufException damaged(String file, long at, String fault) {
        return new GgufException(file + ": " + fault + " (at byte " + at
                + "); the file is damaged or no GGUF of version 3: fetch it again");
    }
}
