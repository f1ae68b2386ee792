package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import io.pangu.runtime.tokenizer.SentencePieceModel.Normalizer;
import io.pangu.runtime.tokenizer.SentencePieceModel.Piece;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a {@code tokenizer.model}; the field numbers are those of {@code sentencepiece_model.proto}. */
final class SentencePieceModelReader {
    private static final int MAX_PIECES = 1 << 22;
    private static final int MAX_PIECE_CHARS = 4096;
    private static final String[] MODEL_KINDS = {"", "unigram", "BPE", "word", "character"};
    private static final int BPE = 2;
    private static final List<Kind> KINDS = List.of(Kind.values());

    private final Path file;
    private final List<Piece> pieces = new ArrayList<>();
    private int modelKind = 1;
    private boolean spaceIsSuffix;
    private boolean byteFallback;
    private String unknownSurface = " \u2047 ";
    private Normalizer normalizer = new Normalizer(new byte[0], true, true, true);

    private SentencePieceModelReader(Path file) {
        this.file = file;
    }

    /**
     * Reads and checks a model.
     *
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_CHECKPOINT} with file and offset when it is damaged,
     *     {@code UNSUPPORTED_MODEL} with the name of what this engine does not have
     */
    static SentencePieceModel read(Path file) {
        SentencePieceModelReader reader = new SentencePieceModelReader(file);
        byte[] bytes = TokenizerFile.bytes(file);
        reader.readModel(new ProtoReader(file, bytes));
        reader.check();
        return new SentencePieceModel(
                file,
                List.copyOf(reader.pieces),
                reader.normalizer,
                reader.spaceIsSuffix,
                reader.byteFallback,
                reader.unknownSurface);
    }

    private void readModel(ProtoReader model) {
        while (model.next()) {
            switch (model.field()) {
                case 1 -> readPiece(model.message());
                case 2 -> readTrainer(model.message());
                case 3 -> normalizer = readNormalizer(model.message());
                case 5 -> refuseDenormalizer(model.message());
                default -> model.skip();
            }
        }
    }

    private void readPiece(ProtoReader message) {
        int start = message.position();
        String text = "";
        float score = 0;
        int type = 1;
        while (message.next()) {
            switch (message.field()) {
                case 1 -> text = message.stringValue();
                case 2 -> score = message.floatValue();
                case 3 -> type = message.intValue();
                default -> message.skip();
            }
        }
        if (text.isEmpty() || text.length() > MAX_PIECE_CHARS) {
            throw TokenizerErrors.damaged(
                    file, start, "piece " + pieces.size() + " has " + text.length() + " characters");
        }
        if (type < 1 || type > KINDS.size()) {
            throw TokenizerErrors.damaged(file, start, "piece " + pieces.size() + " has the unknown type " + type);
        }
        if (Float.isNaN(score)) {
            throw TokenizerErrors.damaged(file, start, "piece " + pieces.size() + " has no number as score");
        }
        if (pieces.size() == MAX_PIECES) {
            throw TokenizerErrors.damaged(file, start, "more than " + MAX_PIECES + " pieces");
        }
        // -0.0 is the score of the first merge and equals 0.0 when scores are compared.
        pieces.add(new Piece(text, score + 0.0f, KINDS.get(type - 1)));
    }

    private void readTrainer(ProtoReader trainer) {
        while (trainer.next()) {
            switch (trainer.field()) {
                case 3 -> modelKind = trainer.intValue();
                case 24 -> spaceIsSuffix = trainer.boolValue();
                case 35 -> byteFallback = trainer.boolValue();
                case 44 -> unknownSurface = trainer.stringValue();
                default -> trainer.skip();
            }
        }
    }

    private static Normalizer readNormalizer(ProtoReader spec) {
        byte[] charsMap = new byte[0];
        boolean dummyPrefix = true;
        boolean removeExtra = true;
        boolean escape = true;
        while (spec.next()) {
            switch (spec.field()) {
                case 2 -> charsMap = spec.bytesValue();
                case 3 -> dummyPrefix = spec.boolValue();
                case 4 -> removeExtra = spec.boolValue();
                case 5 -> escape = spec.boolValue();
                default -> spec.skip();
            }
        }
        return new Normalizer(charsMap, dummyPrefix, removeExtra, escape);
    }

    private void refuseDenormalizer(ProtoReader spec) {
        if (readNormalizer(spec).charsMap().length > 0) {
            throw TokenizerErrors.unsupported(file, "SentencePiece denormalizer");
        }
    }

    private void check() {
        if (pieces.isEmpty()) {
            throw TokenizerErrors.damaged(file, 0, "no pieces; not a SentencePiece model");
        }
        if (modelKind != BPE) {
            String kind =
                    modelKind > 0 && modelKind < MODEL_KINDS.length ? MODEL_KINDS[modelKind] : "kind " + modelKind;
            throw TokenizerErrors.unsupported(file, "SentencePiece " + kind + " model");
        }
        int unknowns = 0;
        int byteSum = 0;
        for (Piece piece : pieces) {
            unknowns += piece.kind() == Kind.UNKNOWN ? 1 : 0;
            byteSum += piece.kind() == Kind.BYTE ? 1 : 0;
            if (piece.kind() == Kind.UNUSED) {
                throw TokenizerErrors.unsupported(
                        file, "SentencePiece model with unused pieces ('" + piece.text() + "')");
            }
        }
        if (unknowns != 1) {
            throw TokenizerErrors.invalid(file, "has " + unknowns + " unknown pieces instead of one");
        }
        if (byteFallback && byteSum != 256) {
            throw TokenizerErrors.invalid(
                    file, "falls back to bytes but has " + byteSum + " byte pieces instead of 256");
        }
    }
}
