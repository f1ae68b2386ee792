package io.pangu.runtime.tokenizer;

/**
 * Puts characters together from bytes that come one by one. Half a character is held back; bytes that can be no character
 * become U+FFFD. One thread.
 */
final class Utf8Assembler {
    /** How many U+FFFD a damaged character gives. */
    enum Replacement {
        /** One for each byte, as SentencePiece does. */
        PER_BYTE,
        /** One for the longest beginning of a character, as Unicode recommends and Rust does. */
        PER_SEQUENCE
    }

    private static final char UNKNOWN = '\uFFFD';

    private final Replacement replacement;
    private final byte[] pending = new byte[4];
    private int size;
    private int needed;

    Utf8Assembler(Replacement replacement) {
        this.replacement = replacement;
    }

    /** Takes bytes and adds the characters that they complete to {@code out}. */
    void append(byte[] bytes, StringBuilder out) {
        for (byte b : bytes) {
            append(b, out);
        }
    }

    void append(byte b, StringBuilder out) {
        if (size == 0) {
            start(b, out);
        } else if (continues(b & 0xFF)) {
            pending[size++] = b;
            if (size == needed) {
                out.appendCodePoint(codePoint());
                size = 0;
            }
        } else {
            giveUp(out);
            append(b, out);
        }
    }

    /** Ends the text: what is held back becomes U+FFFD. */
    void finish(StringBuilder out) {
        if (size > 0) {
            giveUp(out);
        }
    }

    private void start(byte b, StringBuilder out) {
        int value = b & 0xFF;
        if (value < 0x80) {
            out.append((char) value);
            return;
        }
        needed = value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : 2;
        if (value < 0xC2 || value > 0xF4) {
            out.append(UNKNOWN);
        } else {
            pending[size++] = b;
        }
    }

    /** Whether the byte may follow those pending; the second is narrower after E0, ED, F0 and F4 (Unicode table 3-7). */
    private boolean continues(int value) {
        int low = 0x80;
        int high = 0xBF;
        if (size == 1) {
            switch (pending[0] & 0xFF) {
                case 0xE0 -> low = 0xA0;
                case 0xED -> high = 0x9F;
                case 0xF0 -> low = 0x90;
                case 0xF4 -> high = 0x8F;
                default -> {}
            }
        }
        return value >= low && value <= high;
    }

    private int codePoint() {
        int code = pending[0] & (0xFF >> (needed + 1));
        for (int i = 1; i < needed; i++) {
            code = code << 6 | (pending[i] & 0x3F);
        }
        return code;
    }

    /** A pending beginning holds one lead byte and then only continuation bytes, each of which is invalid by itself. */
    private void giveUp(StringBuilder out) {
        int count = replacement == Replacement.PER_BYTE ? size : 1;
        for (int i = 0; i < count; i++) {
            out.append(UNKNOWN);
        }
        size = 0;
    }
}
