package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import io.pangu.runtime.tokenizer.SentencePieceModel.Piece;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's byte pair encoding. Added tokens are cut out first, what is between them is encoded piece by piece as the
 * library would, each part for itself. Immutable but for a cache; thread-safe.
 */
final class SentencePieceBpe extends BpeTokenizer {
    private static final int PIECE_BYTES = 256;

    private final SentencePieceModel model;
    private final PieceVocabulary vocabulary;
    private final SentencePieceNormalizer normalizer;
    private final LiteralTrie userDefined;
    private final WordCache cache = new WordCache();
    private final Map<String, Integer> pieceIds = new HashMap<>();
    private final int[] bytePieces = new int[PIECE_BYTES];
    private final int unknownId;

    /**
     * A tokenizer.
     *
     * @param model its pieces and rules
     * @param added tokens that the checkpoint's other files declare; their ids may be those of pieces
     */
    SentencePieceBpe(SentencePieceModel model, Collection<AddedToken> added) {
        super(withControls(model, added), model.pieces().size());
        this.model = model;
        Set<Integer> special = new HashSet<>();
        addedTokens().stream().filter(AddedToken::isSpecial).forEach(token -> special.add(token.id()));
        this.vocabulary = new PieceVocabulary(model.pieces(), special);
        Map<String, Integer> literals = new HashMap<>();
        int unknown = 0;
        for (int id = 0; id < model.pieces().size(); id++) {
            Piece piece = model.pieces().get(id);
            pieceIds.putIfAbsent(piece.text(), id);
            switch (piece.kind()) {
                case UNKNOWN -> unknown = id;
                case BYTE -> bytePieces[byteOf(piece)] = id;
                case USER_DEFINED -> {
                    if (!special.contains(id)) {
                        literals.put(piece.text(), id);
                    }
                }
                default -> {}
            }
        }
        this.unknownId = unknown;
        this.userDefined = new LiteralTrie(literals);
        this.normalizer = new SentencePieceNormalizer(model, userDefined);
    }

    private static List<AddedToken> withControls(SentencePieceModel model, Collection<AddedToken> added) {
        List<AddedToken> tokens = new ArrayList<>();
        Set<Integer> declared = new HashSet<>();
        for (AddedToken token : added) {
            tokens.add(token);
            declared.add(token.id());
        }
        for (int id = 0; id < model.pieces().size(); id++) {
            Piece piece = model.pieces().get(id);
            if (piece.kind() == Kind.CONTROL && !declared.contains(id)) {
                tokens.add(new AddedToken(piece.text(), id, Set.of(AddedToken.Trait.SPECIAL)));
            }
        }
        return Collections.unmodifiableList(tokens);
    }

    private int byteOf(Piece piece) {
        String text = piece.text();
        if (!text.matches("<0x[0-9A-F]{2}>")) {
            throw TokenizerErrors.invalid(model.file(), "the byte piece '" + text + "' is not of the form <0x41>");
        }
        return Integer.parseInt(text.substring(3, 5), 16);
    }

    @Override
    void encodePlain(String text, IntList out) {
        String normalized = normalizer.normalize(text);
        Cutter cutter = new Cutter(normalized, new IntList(normalized.length() / 2));
        cutter.cut();
        addWithoutUnknownRuns(cutter.ids, out);
    }

    /** SentencePiece joins neighbouring unknown characters into one piece. */
    private void addWithoutUnknownRuns(IntList ids, IntList out) {
        for (int i = 0; i < ids.size(); i++) {
            if (ids.at(i) != unknownId || i == 0 || ids.at(i - 1) != unknownId) {
                out.add(ids.at(i));
            }
        }
    }

    /** One pass over one normalised text. */
    private final class Cutter {
        private final String text;
        private final IntList ids;
        private final IntList word = new IntList(64);
        private final IntList merged = new IntList(64);
        private final PairMerger merger = new PairMerger(vocabulary.merges());

        Cutter(String text, IntList ids) {
            this.text = text;
            this.ids = ids;
        }

        /** Cuts at user-defined pieces and wherever no piece reaches across, and merges what is between. */
        void cut() {
            int start = 0;
            int previous = -1;
            for (int at = 0; at < text.length(); ) {
                LiteralTrie.Match match = userDefined.longestAt(text, at);
                if (match != null) {
                    word(start, at);
                    ids.add(match.value());
                    at += match.length();
                    start = at;
                    previous = -1;
                    continue;
                }
                int code = text.codePointAt(at);
                if (previous >= 0 && !vocabulary.mayJoin(previous, code)) {
                    word(start, at);
                    start = at;
                }
                previous = code;
                at += Character.charCount(code);
            }
            word(start, text.length());
        }

        private void word(int start, int end) {
            if (start == end) {
                return;
            }
            boolean cached = end - start <= WordCache.MAX_WORD;
            int @Nullable [] known = cached ? cache.find(text, start, end) : null;
            if (known != null) {
                ids.addAll(known);
                return;
            }
            word.clear();
            for (int at = start; at < end; ) {
                int code = text.codePointAt(at);
                int symbol = vocabulary.symbol(code);
                if (symbol == PieceVocabulary.NO_SYMBOL) {
                    // It has no neighbour that it may join, so it is a word of its own.
                    addUnknown(code, ids);
                    return;
                }
                word.add(symbol);
                at += Character.charCount(code);
            }
            int first = ids.size();
            merged.clear();
            merger.merge(word, merged);
            for (int i = 0; i < merged.size(); i++) {
                int symbol = merged.at(i);
                if (vocabulary.isPiece(symbol)) {
                    ids.add(symbol);
                } else {
                    addUnknown(vocabulary.orphan(symbol), ids);
                }
            }
            if (cached) {
                cache.put(text, start, end, ids.from(first));
            }
        }
    }

    private void addUnknown(int codePoint, IntList ids) {
        if (!model.byteFallback()) {
            ids.add(unknownId);
            return;
        }
        for (byte b : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
            ids.add(bytePieces[b & 0xFF]);
        }
    }

    @Override
    byte[] vocabularyBytes(int id) {
        if (id < 0 || id >= model.pieces().size()) {
            return new byte[0];
        }
        Piece piece = model.pieces().get(id);
        return switch (piece.kind()) {
            case BYTE -> new byte[] {(byte) byteOf(piece)};
            case UNKNOWN -> model.unknownSurface().getBytes(StandardCharsets.UTF_8);
            default ->
                piece.text().replace(SentencePieceNormalizer.ESCAPED_SPACE, ' ').getBytes(StandardCharsets.UTF_8);
        };
    }

    @Override
    OptionalInt vocabularyId(String piece) {
        Integer id = pieceIds.get(piece);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public StreamingDecoder streamingDecoder() {
        return new SentencePieceDecoder(this, model);
    }
}
