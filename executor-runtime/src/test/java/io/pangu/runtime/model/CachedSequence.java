package io.pangu.runtime.model;

import java.util.Arrays;

/** A sequence of known tokens with cache blocks of its own, and how many of its tokens have been computed. */
final class CachedSequence {
    private final int[] tokens;
    private final int[] blocks;
    private int computed;

    CachedSequence(int[] tokens, int[] blocks) {
        this.tokens = tokens.clone();
        this.blocks = blocks.clone();
    }

    /** With every token computed already: for a sequence that continues another's blocks. */
    static CachedSequence from(int[] tokens, int[] blocks, int computed) {
        CachedSequence sequence = new CachedSequence(tokens, blocks);
        sequence.computed = computed;
        return sequence;
    }

    int length() {
        return tokens.length;
    }

    int computed() {
        return computed;
    }

    int remaining() {
        return tokens.length - computed;
    }

    int token(int position) {
        return tokens[position];
    }

    int slot(int position, int blockSize) {
        return blocks[position / blockSize] * blockSize + position % blockSize;
    }

    int[] blocks() {
        return blocks;
    }

    int[] blocks(int count) {
        return Arrays.copyOf(blocks, count);
    }

    void advance(int count) {
        computed += count;
    }
}
