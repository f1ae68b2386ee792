package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import io.pangu.runtime.tokenizer.SentencePieceModel.Piece;

/**
 * SentencePiece's decoding, piece by piece: the dummy prefix taken off the first piece, bytes joined to characters. An added
 * token stands literally, and what follows it is decoded as a new text.
 */
final class SentencePieceDecoder implements StreamingDecoder {
    private final SentencePieceBpe tokenizer;
    private final SentencePieceModel model;
    private final Utf8Assembler bytes = new Utf8Assembler(Utf8Assembler.Replacement.PER_BYTE);
    private boolean atStart = true;
    private boolean spaceTaken;
    private boolean isEmpty = true;

    SentencePieceDecoder(SentencePieceBpe tokenizer, SentencePieceModel model) {
        this.tokenizer = tokenizer;
        this.model = model;
    }

    @Override
    public String append(int id) {
        StringBuilder out = new StringBuilder();
        AddedToken token = tokenizer.addedToken(id);
        if (token != null) {
            bytes.finish(out);
            atStart = true;
            spaceTaken = false;
            isEmpty = true;
            return out.append(token.content()).toString();
        }
        if (id < 0 || id >= model.pieces().size()) {
            return "";
        }
        Piece piece = model.pieces().get(id);
        if (piece.kind() == Kind.BYTE) {
            bytes.append(tokenizer.tokenBytes(id), out);
            isEmpty &= out.isEmpty();
        } else {
            bytes.finish(out);
            isEmpty &= out.isEmpty();
            appendPiece(piece, out);
        }
        return out.toString();
    }

    private void appendPiece(Piece piece, StringBuilder out) {
        if (spaceTaken || !isEmpty) {
            atStart = false;
        }
        spaceTaken = false;
        if (piece.kind() == Kind.UNKNOWN) {
            out.append(model.unknownSurface());
            isEmpty = false;
            return;
        }
        SentencePieceModel.Normalizer rules = model.normalizer();
        String text = piece.text();
        boolean dropsSpace = atStart && (rules.addDummyPrefix() || rules.removeExtraWhitespaces());
        if (dropsSpace && text.charAt(0) == SentencePieceNormalizer.ESCAPED_SPACE) {
            text = text.substring(1);
            // With squeezed spaces every space before the text goes, otherwise only the one that encoding put there.
            spaceTaken = !rules.removeExtraWhitespaces();
        }
        out.append(text.replace(SentencePieceNormalizer.ESCAPED_SPACE, ' '));
        isEmpty &= text.isEmpty();
    }

    @Override
    public String finish() {
        StringBuilder out = new StringBuilder();
        bytes.finish(out);
        return out.toString();
    }
}
