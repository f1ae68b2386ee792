package io.pangu.runtime.tokenizer;

import java.util.Set;

/**
 * A token that stands beside the vocabulary and is found in a text before anything else.
 *
 * @param content its literal, not empty
 * @param id of it
 * @param traits what else the tokenizer's files say of it
 */
record AddedToken(String content, int id, Set<Trait> traits) {
    /** The flags of an added token, named as in the files. */
    enum Trait {
        /** Plain text never gives it. */
        SPECIAL,
        /** It is looked for in the normalised text. */
        NORMALIZED,
        /** It swallows the white space before it. */
        LSTRIP,
        /** It swallows the white space after it. */
        RSTRIP,
        /** It stands only between characters that are no part of a word. */
        SINGLE_WORD
    }

    AddedToken {
        traits = Set.copyOf(traits);
    }

    boolean isSpecial() {
        return traits.contains(Trait.SPECIAL);
    }
}
