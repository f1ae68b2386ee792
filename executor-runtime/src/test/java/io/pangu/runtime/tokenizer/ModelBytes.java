package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a {@code tokenizer.model} field by field. */
final class ModelBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    ModelBytes raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    ModelBytes varint(int field, long value) {
        number((long) field << 3);
        number(value);
        return this;
    }

    ModelBytes fixed(int field, float value) {
        number((long) field << 3 | 5);
        int bits = Float.floatToRawIntBits(value);
        return raw(bits & 0xFF, bits >>> 8 & 0xFF, bits >>> 16 & 0xFF, bits >>> 24);
    }

    ModelBytes field(int field, byte[] content) {
        number((long) field << 3 | 2);
        number(content.length);
        out.writeBytes(content);
        return this;
    }

    ModelBytes text(int field, String content) {
        return field(field, content.getBytes(StandardCharsets.UTF_8));
    }

    private void number(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    /** As in {@code sentencepiece_model.proto}. */
    private static long numberOf(Kind kind) {
        return switch (kind) {
            case NORMAL -> 1;
            case UNKNOWN -> 2;
            case CONTROL -> 3;
            case USER_DEFINED -> 4;
            case UNUSED -> 5;
            case BYTE -> 6;
        };
    }

    ModelBytes piece(String text, float score, Kind kind) {
        return field(
                1,
                new ModelBytes()
                        .text(1, text)
                        .fixed(2, score)
                        .varint(3, numberOf(kind))
                        .bytes());
    }

    ModelBytes trainer(int modelKind, boolean spaceIsSuffix, boolean byteFallback) {
        return field(
                2,
                new ModelBytes()
                        .varint(3, modelKind)
                        .varint(24, spaceIsSuffix ? 1 : 0)
                        .varint(35, byteFallback ? 1 : 0)
                        .bytes());
    }

    ModelBytes normalizer(boolean dummyPrefix, boolean removesExtra, boolean escapes) {
        return field(
                3,
                new ModelBytes()
                        .text(1, "identity")
                        .varint(3, dummyPrefix ? 1 : 0)
                        .varint(4, removesExtra ? 1 : 0)
                        .varint(5, escapes ? 1 : 0)
                        .bytes());
    }

    byte[] bytes() {
        return out.toByteArray();
    }
}
