package io.pangu.runtime.tokenizer;

import io.pangu.runtime.tokenizer.jinja.Text;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What both kinds of tokenizer share: added tokens around a vocabulary. Special ones are found only where a template put them;
 * the others are part of plain text, as in the libraries. Immutable but for caches; thread-safe.
 */
abstract sealed class BpeTokenizer implements Tokenizer permits SentencePieceBpe, ByteLevelBpe {
    private final Map<Integer, AddedToken> added = new HashMap<>();
    private final Map<String, Integer> addedIds = new HashMap<>();
    private final BitSet special = new BitSet();
    private final AddedTokenSplitter specialSplitter;
    private final int vocabSize;

    /** Takes the added tokens, special and not, and the number of ids of the vocabulary proper. */
    BpeTokenizer(Collection<AddedToken> tokens, int vocabularySize) {
        int size = vocabularySize;
        List<AddedToken> specials = new ArrayList<>();
        for (AddedToken token : tokens) {
            added.put(token.id(), token);
            addedIds.put(token.content(), token.id());
            size = Math.max(size, token.id() + 1);
            if (token.isSpecial()) {
                special.set(token.id());
                specials.add(token);
            }
        }
        specialSplitter = new AddedTokenSplitter(specials);
        vocabSize = size;
    }

    /** Adds the ids of a text without lone surrogates, in which special tokens are plain text. */
    abstract void encodePlain(String text, IntList out);

    /** The id of a vocabulary piece. */
    abstract OptionalInt vocabularyId(String piece);

    /** The bytes that a token of the vocabulary adds to a text; none when there is no such token. */
    abstract byte[] vocabularyBytes(int id);

    @Override
    public final int vocabSize() {
        return vocabSize;
    }

    @Override
    public final int[] encode(String text) {
        IntList ids = new IntList(text.length() / 3);
        encodePlain(SurrogateRepair.repair(text), ids);
        return ids.toArray();
    }

    @Override
    public final int[] encodeWithSpecialTokens(String text) {
        return encodeTemplated(Text.ofTemplate(text));
    }

    /** Ids of a text in which special tokens stand for themselves where the template wrote every character of them. */
    final int[] encodeTemplated(Text text) {
        IntList ids = new IntList(text.length() / 3);
        AddedTokenSplitter.Visitor visitor = new AddedTokenSplitter.Visitor() {
            @Override
            public void plain(String part) {
                encodePlain(part, ids);
            }

            @Override
            public void token(int id) {
                ids.add(id);
            }
        };
        // Each lone surrogate becomes one other char, so the places stay what they are.
        specialSplitter.split(SurrogateRepair.repair(text.value()), text::nextUserChar, visitor);
        return ids.toArray();
    }

    @Override
    public final String decode(int[] ids) {
        StreamingDecoder decoder = streamingDecoder();
        StringBuilder text = new StringBuilder(ids.length * 4);
        for (int id : ids) {
            text.append(decoder.append(id));
        }
        return text.append(decoder.finish()).toString();
    }

    @Override
    public final byte[] tokenBytes(int id) {
        AddedToken token = added.get(id);
        return token == null ? vocabularyBytes(id) : token.content().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public final boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    @Override
    public final OptionalInt idOf(String token) {
        Integer id = addedIds.get(token);
        return id == null ? vocabularyId(token) : OptionalInt.of(id);
    }

    final @Nullable AddedToken addedToken(int id) {
        return added.get(id);
    }

    final Collection<AddedToken> addedTokens() {
        return added.values();
    }
}
