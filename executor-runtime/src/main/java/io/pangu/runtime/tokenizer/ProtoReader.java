package io.pangu.runtime.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The fields of one protocol buffers message, in the order of the file. Every length is checked before it is used. Offsets in
 * errors count from the beginning of the file. One thread.
 */
final class ProtoReader {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final Path file;
    private final byte[] bytes;
    private final int end;
    private int position;
    private int field;
    private int wireType;

    ProtoReader(Path file, byte[] bytes) {
        this(file, bytes, 0, bytes.length);
    }

    private ProtoReader(Path file, byte[] bytes, int start, int end) {
        this.file = file;
        this.bytes = bytes;
        this.position = start;
        this.end = end;
    }

    /** Goes to the next field; false at the end of the message. Its value must then be read or skipped. */
    boolean next() {
        if (position == end) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        wireType = (int) (tag & 7);
        if (field <= 0 || tag >>> 32 != 0) {
            throw damaged("field number " + (tag >>> 3));
        }
        return true;
    }

    /** Number of the field found by {@link #next}. */
    int field() {
        return field;
    }

    int position() {
        return position;
    }

    void skip() {
        switch (wireType) {
            case VARINT -> varint();
            case FIXED64 -> advance(8);
            case FIXED32 -> advance(4);
            case BYTES -> advance(length());
            default -> throw damaged("wire type " + wireType + " of field " + field);
        }
    }

    int intValue() {
        expect(VARINT);
        long value = varint();
        if (value != (int) value) {
            throw damaged("value " + value + " of field " + field + ", which is no 32-bit number");
        }
        return (int) value;
    }

    boolean boolValue() {
        expect(VARINT);
        return varint() != 0;
    }

    float floatValue() {
        expect(FIXED32);
        int start = advance(4);
        int bits = 0;
        for (int i = 3; i >= 0; i--) {
            bits = bits << 8 | (bytes[start + i] & 0xFF);
        }
        return Float.intBitsToFloat(bits);
    }

    byte[] bytesValue() {
        expect(BYTES);
        int length = length();
        int start = advance(length);
        return Arrays.copyOfRange(bytes, start, start + length);
    }

    String stringValue() {
        int start = position;
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytesValue()))
                    .toString();
        } catch (CharacterCodingException e) {
            position = start;
            throw damaged("text that is not UTF-8 in field " + field);
        }
    }

    ProtoReader message() {
        expect(BYTES);
        int length = length();
        int start = advance(length);
        return new ProtoReader(file, bytes, start, start + length);
    }

    private void expect(int type) {
        if (wireType != type) {
            throw damaged("wire type " + wireType + " instead of " + type + " for field " + field);
        }
    }

    private int length() {
        long length = varint();
        if (length < 0 || length > end - position) {
            throw damaged("length " + Long.toUnsignedString(length) + " of field " + field + " with " + (end - position)
                    + " bytes left");
        }
        return (int) length;
    }

    private int advance(int count) {
        if (count > end - position) {
            throw damaged("end of the message inside field " + field);
        }
        int start = position;
        position += count;
        return start;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (position == end) {
                throw damaged("end of the message inside a number");
            }
            byte b = bytes[position++];
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw damaged("number of more than ten bytes");
    }

    private RuntimeException damaged(String problem) {
        return TokenizerErrors.damaged(file, position, problem);
    }
}
