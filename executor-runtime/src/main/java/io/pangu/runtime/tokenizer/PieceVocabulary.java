package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import io.pangu.runtime.tokenizer.SentencePieceModel.Piece;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The pieces of a SentencePiece BPE model, arranged for encoding: which symbols merge, which symbol a character is, and between
 * which characters no piece ever reaches, so that a text may be cut there. Symbols below the vocabulary's size are piece ids;
 * those above are characters that occur in pieces but are none. Immutable and thread-safe.
 */
final class PieceVocabulary {
    /** Symbol of a character that no piece contains. */
    static final int NO_SYMBOL = -1;

    private static final int ASCII = 128;

    private final MergeTable merges;
    private final int[] plane0 = new int[Character.MIN_SUPPLEMENTARY_CODE_POINT];
    private final Map<Integer, Integer> supplementary = new HashMap<>();
    private final boolean[] asciiNeighbours = new boolean[ASCII * ASCII];
    private final MergeTable neighbours;
    private final IntList orphans = new IntList(64);
    private final int size;

    /** Arranges the pieces that text may give; those in {@code excluded} are left out. */
    PieceVocabulary(List<Piece> pieces, Set<Integer> excluded) {
        size = pieces.size();
        merges = new MergeTable(2 * size);
        neighbours = new MergeTable(size);
        Arrays.fill(plane0, NO_SYMBOL);
        Map<String, Integer> symbols = symbols(pieces, excluded);
        Map<Float, Integer> ranks = ranks(pieces);
        for (int id = 0; id < size; id++) {
            if (isMergeable(pieces.get(id)) && !excluded.contains(id)) {
                addSplits(
                        pieces.get(id).text(),
                        id,
                        ranks.getOrDefault(pieces.get(id).score(), 0),
                        symbols);
            }
        }
    }

    MergeTable merges() {
        return merges;
    }

    /** The symbol of a character: a piece id, a number from the vocabulary's size on, or {@link #NO_SYMBOL}. */
    int symbol(int codePoint) {
        return codePoint < plane0.length ? plane0[codePoint] : supplementary.getOrDefault(codePoint, NO_SYMBOL);
    }

    boolean isPiece(int symbol) {
        return symbol >= 0 && symbol < size;
    }

    /** The character of a symbol that is no piece. */
    int orphan(int symbol) {
        return orphans.at(symbol - size);
    }

    /** Whether some piece has these two characters one after the other; if none has, no merge crosses them. */
    boolean mayJoin(int left, int right) {
        if (left < ASCII && right < ASCII) {
            return asciiNeighbours[left * ASCII + right];
        }
        return neighbours.find(left, right) != MergeTable.NONE;
    }

    /** Normal and user-defined pieces, as SentencePiece keeps them; never the unknown, control and byte pieces. */
    private static boolean isMergeable(Piece piece) {
        return piece.kind() == Kind.NORMAL || piece.kind() == Kind.USER_DEFINED;
    }

    private Map<String, Integer> symbols(List<Piece> pieces, Set<Integer> excluded) {
        Map<String, Integer> symbols = new HashMap<>(2 * size);
        for (int id = 0; id < size; id++) {
            if (isMergeable(pieces.get(id)) && !excluded.contains(id)) {
                symbols.putIfAbsent(pieces.get(id).text(), id);
            }
        }
        for (String text : List.copyOf(symbols.keySet())) {
            text.codePoints().forEach(code -> {
                String character = Character.toString(code);
                if (!symbols.containsKey(character)) {
                    symbols.put(character, size + orphans.size());
                    orphans.add(code);
                }
                setSymbol(code, symbols.get(character));
            });
        }
        return symbols;
    }

    private void setSymbol(int code, int symbol) {
        if (code < plane0.length) {
            plane0[code] = symbol;
        } else {
            supplementary.put(code, symbol);
        }
    }

    /** Equal scores share a rank, so that the leftmost goes first among them. */
    private static Map<Float, Integer> ranks(List<Piece> pieces) {
        double[] scores =
                pieces.stream().mapToDouble(Piece::score).distinct().sorted().toArray();
        Map<Float, Integer> ranks = new HashMap<>(2 * scores.length);
        for (int i = 0; i < scores.length; i++) {
            ranks.put((float) scores[i], scores.length - 1 - i);
        }
        return ranks;
    }

    private void addSplits(String text, int id, int rank, Map<String, Integer> symbols) {
        int previous = -1;
        for (int at = 0; at < text.length(); ) {
            int code = text.codePointAt(at);
            if (at > 0) {
                noteNeighbours(previous, code);
                Integer left = symbols.get(text.substring(0, at));
                Integer right = symbols.get(text.substring(at));
                if (left != null && right != null) {
                    merges.put(left, right, rank, id);
                }
            }
            previous = code;
            at += Character.charCount(code);
        }
    }

    private void noteNeighbours(int left, int right) {
        if (left < ASCII && right < ASCII) {
            asciiNeighbours[left * ASCII + right] = true;
        } else {
            neighbours.put(left, right, 0, 0);
        }
    }
}
