package io.pangu.runtime.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the files of a tokenizer whole, within a bound. */
final class TokenizerFile {
    /** Far more than any vocabulary needs; in bytes. */
    private static final long MAX_BYTES = 256L << 20;

    private TokenizerFile() {}

    static byte[] bytes(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw TokenizerErrors.invalid(
                        file, "has " + size + " bytes, a tokenizer's file has at most " + MAX_BYTES);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw TokenizerErrors.unreadable(file, e);
        }
    }
}
