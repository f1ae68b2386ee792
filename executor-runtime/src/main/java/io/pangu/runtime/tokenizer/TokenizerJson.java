package io.pangu.runtime.tokenizer;

import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a {@code tokenizer.json} of Hugging Face with a byte-level BPE model holds.
 *
 * @param file it came from, for messages
 * @param vocabulary ids of tokens, written in {@link ByteAlphabet}
 * @param merges in order; the earliest first
 * @param wholeWords whether a word that is in the vocabulary is taken without merging ({@code ignore_merges})
 * @param normalForm Unicode form that text is brought into first
 * @param preTokenizer cuts text into words
 * @param addedTokens beside the vocabulary, or of it
 * @param bosToken literal that the post-processor puts before a text
 */
record TokenizerJson(
        Path file,
        Map<String, Integer> vocabulary,
        List<Merge> merges,
        WholeWords wholeWords,
        Optional<Normalizer.Form> normalForm,
        PreTokenizer preTokenizer,
        List<AddedToken> addedTokens,
        Optional<String> bosToken) {

    /** What happens to a word that is a token by itself. */
    enum WholeWords {
        TAKEN,
        MERGED
    }

    /** Two tokens, by id, and the one that they become. */
    record Merge(int left, int right, int merged) {}
}
