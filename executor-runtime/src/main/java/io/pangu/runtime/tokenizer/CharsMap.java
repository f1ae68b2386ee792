package io.pangu.runtime.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's {@code precompiled_charsmap}: a Darts double-array trie over UTF-8 from texts to offsets of their
 * replacements, and the replacements, each ended by a zero byte. Immutable and thread-safe; no index leaves the arrays,
 * whatever the file says.
 */
final class CharsMap {
    private final int[] units;
    private final byte[] replacements;

    /** A replacement: of so many chars of the text, by this. */
    record Rule(int length, String replacement) {}

    private CharsMap(int[] units, byte[] replacements) {
        this.units = units;
        this.replacements = replacements;
    }

    /**
     * Takes a blob apart.
     *
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_CHECKPOINT} when its lengths contradict each other
     */
    static CharsMap parse(Path file, byte[] blob) {
        if (blob.length <= 4) {
            throw TokenizerErrors.invalid(file, "precompiled_charsmap has only " + blob.length + " bytes");
        }
        ByteBuffer buffer = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN);
        long trieBytes = Integer.toUnsignedLong(buffer.getInt());
        if (trieBytes >= blob.length - 4 || trieBytes < 1024 || trieBytes % 4 != 0) {
            throw TokenizerErrors.invalid(
                    file, "precompiled_charsmap of " + blob.length + " bytes has a trie of " + trieBytes + " bytes");
        }
        int[] units = new int[(int) (trieBytes / 4)];
        buffer.asIntBuffer().get(units);
        byte[] replacements = Arrays.copyOfRange(blob, 4 + (int) trieBytes, blob.length);
        if (replacements[replacements.length - 1] != 0) {
            throw TokenizerErrors.invalid(file, "the last replacement of precompiled_charsmap has no end");
        }
        return new CharsMap(units, replacements);
    }

    /** The rule for the longest text of the map that stands at {@code from}, or null when there is none. */
    @Nullable
    Rule longestAt(String text, int from) {
        int node = offset(units[0]);
        int longest = 0;
        int value = 0;
        int at = from;
        while (at < text.length()) {
            int code = text.codePointAt(at);
            at += Character.charCount(code);
            node = walk(node, code);
            if (node < 0) {
                break;
            }
            int unit = units[node];
            node ^= offset(unit);
            if (hasLeaf(unit) && node < units.length) {
                longest = at - from;
                value = units[node] & 0x7FFFFFFF;
            }
        }
        return longest == 0 || value >= replacements.length ? null : new Rule(longest, replacement(value));
    }

    /** Follows the UTF-8 bytes of a code point; the index of the unit of its last byte, or -1. */
    private int walk(int from, int code) {
        int bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        int node = from;
        for (int i = 0; i < bytes; i++) {
            int b = utf8Byte(code, bytes, i);
            node ^= b;
            if (node >= units.length || label(units[node]) != b) {
                return -1;
            }
            if (i + 1 < bytes) {
                node ^= offset(units[node]);
            }
        }
        return node;
    }

    private static int utf8Byte(int code, int bytes, int index) {
        int bits = code >>> (6 * (bytes - 1 - index));
        if (index > 0) {
            return 0x80 | (bits & 0x3F);
        }
        return switch (bytes) {
            case 1 -> bits;
            case 2 -> 0xC0 | bits;
            case 3 -> 0xE0 | bits;
            default -> 0xF0 | bits;
        };
    }

    private String replacement(int start) {
        int end = start;
        while (replacements[end] != 0) {
            end++;
        }
        return new String(replacements, start, end - start, StandardCharsets.UTF_8);
    }

    /** Bit 8: a value hangs below this unit. */
    private static boolean hasLeaf(int unit) {
        return (unit >>> 8 & 1) == 1;
    }

    /** The byte of this unit; the sign bit marks a value, which matches no byte. */
    private static int label(int unit) {
        return unit & (1 << 31 | 0xFF);
    }

    /** Distance to the children: 22 bits, scaled by 256 when bit 9 is set. */
    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }
}
