package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.AddedToken.Trait;
import io.pangu.runtime.tokenizer.TokenizerJson.Merge;
import io.pangu.runtime.tokenizer.TokenizerJson.WholeWords;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Hugging Face's byte-level byte pair encoding: a text is cut into words, each word's UTF-8 bytes are merged. A byte without a
 * token vanishes, as in the library. Immutable but for a cache; thread-safe.
 */
final class ByteLevelBpe extends BpeTokenizer {
    private static final int BYTES = 256;
    private static final int NO_TOKEN = -1;

    private final Map<String, Integer> vocabulary;
    private final Map<Integer, String> tokens = new HashMap<>();
    private final MergeTable merges;
    private final PreTokenizer preTokenizer;
    private final Optional<Normalizer.Form> normalForm;
    private final WholeWords wholeWords;
    private final AddedTokenSplitter rawTokens;
    private final AddedTokenSplitter normalizedTokens;
    private final WordCache cache = new WordCache();
    private final int[] byteTokens = new int[BYTES];

    /**
     * A tokenizer.
     *
     * @param json vocabulary and rules
     * @param added its added tokens and those that the checkpoint's other files declare
     */
    ByteLevelBpe(TokenizerJson json, Collection<AddedToken> added) {
        super(
                added,
                1 + json.vocabulary().values().stream().mapToInt(id -> id).max().orElse(-1));
        vocabulary = json.vocabulary();
        preTokenizer = json.preTokenizer();
        normalForm = json.normalForm();
        wholeWords = json.wholeWords();
        vocabulary.forEach((token, id) -> tokens.put(id, token));
        merges = new MergeTable(json.merges().size());
        int rank = 0;
        for (Merge merge : json.merges()) {
            if (!isSpecial(merge.merged())) {
                merges.put(merge.left(), merge.right(), rank, merge.merged());
            }
            rank++;
        }
        for (int b = 0; b < BYTES; b++) {
            byteTokens[b] = vocabulary.getOrDefault(String.valueOf(ByteAlphabet.charOf(b)), NO_TOKEN);
        }
        List<AddedToken> raw = new ArrayList<>();
        List<AddedToken> normalized = new ArrayList<>();
        for (AddedToken token : added) {
            if (!token.isSpecial()) {
                (token.traits().contains(Trait.NORMALIZED) ? normalized : raw).add(token);
            }
        }
        rawTokens = new AddedTokenSplitter(raw);
        normalizedTokens = new AddedTokenSplitter(normalized);
    }

    @Override
    void encodePlain(String text, IntList out) {
        Words words = new Words(out);
        rawTokens.split(text, new AddedTokenSplitter.Visitor() {
            @Override
            public void plain(String part) {
                String normal =
                        normalForm.map(form -> Normalizer.normalize(part, form)).orElse(part);
                normalizedTokens.split(normal, words);
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
    }

    /** Encodes words one after the other. */
    private final class Words implements AddedTokenSplitter.Visitor, PreTokenizer.Words {
        private final IntList ids;
        private final IntList symbols = new IntList(64);
        private final PairMerger merger = new PairMerger(merges);

        Words(IntList ids) {
            this.ids = ids;
        }

        @Override
        public void plain(String part) {
            preTokenizer.cut(part, this);
        }

        @Override
        public void token(int id) {
            ids.add(id);
        }

        @Override
        public void word(String text, int start, int end) {
            boolean cached = end - start <= WordCache.MAX_WORD;
            int @Nullable [] known = cached ? cache.find(text, start, end) : null;
            if (known != null) {
                ids.addAll(known);
                return;
            }
            int first = ids.size();
            Integer whole = wholeWords == WholeWords.TAKEN ? vocabulary.get(written(text, start, end)) : null;
            if (whole != null && !isSpecial(whole)) {
                ids.add(whole);
            } else {
                symbols.clear();
                addSymbols(text, start, end);
                merger.merge(symbols, ids);
            }
            if (cached) {
                cache.put(text, start, end, ids.from(first));
            }
        }

        private void addSymbols(String text, int start, int end) {
            for (int at = start; at < end; ) {
                int code = text.codePointAt(at);
                at += Character.charCount(code);
                if (code < 0x80) {
                    addByte(code);
                    continue;
                }
                if (code < 0x800) {
                    addByte(0xC0 | code >> 6);
                } else if (code < 0x10000) {
                    addByte(0xE0 | code >> 12);
                    addByte(0x80 | ((code >> 6) & 0x3F));
                } else {
                    addByte(0xF0 | code >> 18);
                    addByte(0x80 | ((code >> 12) & 0x3F));
                    addByte(0x80 | ((code >> 6) & 0x3F));
                }
                addByte(0x80 | (code & 0x3F));
            }
        }

        private void addByte(int value) {
            if (byteTokens[value] != NO_TOKEN) {
                symbols.add(byteTokens[value]);
            }
        }
    }

    /** A word as the vocabulary writes it. */
    private static String written(String text, int start, int end) {
        byte[] bytes = text.substring(start, end).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        char[] chars = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            chars[i] = ByteAlphabet.charOf(bytes[i] & 0xFF);
        }
        return new String(chars);
    }

    @Override
    byte[] vocabularyBytes(int id) {
        String token = tokens.get(id);
        return token == null ? new byte[0] : ByteAlphabet.bytesOf(token);
    }

    @Override
    OptionalInt vocabularyId(String piece) {
        Integer id = vocabulary.get(piece);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public StreamingDecoder streamingDecoder() {
        return new ByteLevelDecoder();
    }

    /** Bytes of tokens joined to characters; a damaged character is one U+FFFD, as in the library. */
    private final class ByteLevelDecoder implements StreamingDecoder {
        private final Utf8Assembler characters = new Utf8Assembler(Utf8Assembler.Replacement.PER_SEQUENCE);

        @Override
        public String append(int id) {
            StringBuilder out = new StringBuilder();
            characters.append(tokenBytes(id), out);
            return out.toString();
        }

        @Override
        public String finish() {
            StringBuilder out = new StringBuilder();
            characters.finish(out);
            return out.toString();
        }
    }
}
