package io.pangu.runtime.tokenizer;

import java.nio.file.Path;
import java.util.List;

/**
 * What a {@code tokenizer.model} of SentencePiece holds, as far as encoding and decoding need it.
 *
 * @param file it came from, for messages
 * @param pieces by id
 * @param normalizer how text is prepared
 * @param spaceIsSuffix whether the space belongs to the word before it
 * @param byteFallback whether unknown characters become byte pieces
 * @param unknownSurface what the unknown piece is decoded to
 */
record SentencePieceModel(
        Path file,
        List<Piece> pieces,
        Normalizer normalizer,
        boolean spaceIsSuffix,
        boolean byteFallback,
        String unknownSurface) {

    /** What a piece is; the numbers are those of {@code sentencepiece_model.proto}. */
    enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE
    }

    /** One entry of the vocabulary; of two normal ones that could merge, the higher score does first. */
    record Piece(String text, float score, Kind kind) {}

    /**
     * How text is prepared.
     *
     * @param charsMap {@code precompiled_charsmap}; empty for the identity
     * @param addDummyPrefix whether a space is put before the text
     * @param removeExtraWhitespaces whether runs of spaces shrink to one and those at the ends vanish
     * @param escapeWhitespaces whether a space is written U+2581 in pieces
     */
    record Normalizer(
            byte[] charsMap, boolean addDummyPrefix, boolean removeExtraWhitespaces, boolean escapeWhitespaces) {}
}
