package io.pangu.runtime.kvcache;

import java.util.Arrays;

/** The blocks of one sequence in the order of its tokens. One thread. */
public final class BlockTable {
    private int[] blocks = new int[8];
    private int size;

    public int size() {
        return size;
    }

    public int block(int index) {
        if (index >= size) {
            throw new IndexOutOfBoundsException("block " + index + " of a table of " + size);
        }
        return blocks[index];
    }

    /** The ids; entries from {@link #size()} on mean nothing. Not a copy: valid until the table changes. */
    public int[] ids() {
        return blocks;
    }

    public void append(int block) {
        if (size == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * size);
        }
        blocks[size++] = block;
    }

    /** Takes the last block off. */
    public int removeLast() {
        if (size == 0) {
            throw new IllegalStateException("the table is empty");
        }
        return blocks[--size];
    }
}
