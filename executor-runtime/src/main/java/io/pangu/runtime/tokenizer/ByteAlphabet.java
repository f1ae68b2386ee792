package io.pangu.runtime.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's alphabet, in which byte-level vocabularies are written: each byte is one printable character. Bytes that print in
 * Latin-1 stand for themselves, the others for characters from U+0100 on.
 */
final class ByteAlphabet {
    private static final int BYTES = 256;
    private static final int FIRST_STAND_IN = 0x100;
    private static final char[] CHARS = new char[BYTES];
    private static final int[] VALUES = new int[2 * BYTES];

    static {
        Arrays.fill(VALUES, -1);
        int next = FIRST_STAND_IN;
        for (int b = 0; b < BYTES; b++) {
            boolean prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            CHARS[b] = (char) (prints ? b : next++);
            VALUES[CHARS[b]] = b;
        }
    }

    private ByteAlphabet() {}

    /** The character of a byte, 0 to 255. */
    static char charOf(int value) {
        return CHARS[value];
    }

    /** The bytes of a token; those of its UTF-8 when it is not written in this alphabet. */
    static byte[] bytesOf(String token) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(token.length());
        for (int i = 0; i < token.length(); i++) {
            char c = token.charAt(i);
            if (c >= VALUES.length || VALUES[c] < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes.write(VALUES[c]);
        }
        return bytes.toByteArray();
    }
}
