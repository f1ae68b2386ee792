package io.pangu.runtime.kvcache;

import java.util.Arrays;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of a cache: how many sequences hold each, and which hold known tokens. A block that nobody holds is free; if its
 * contents are known it stays findable until it is needed for something else, least recently released first. One thread.
 */
public final class BlockPool {
    private static final int NONE = -1;

    private final int[] holders;
    private final @Nullable BlockKey[] keys;
    // The free blocks as a doubly linked list, next to be given out first.
    private final int[] before;
    private final int[] after;
    private int first = NONE;
    private int last = NONE;
    private int numFree;
    private final PrefixIndex index = new PrefixIndex();

    /** All blocks free, ids from 0. */
    public BlockPool(int numBlocks) {
        holders = new int[numBlocks];
        keys = new BlockKey[numBlocks];
        before = new int[numBlocks];
        after = new int[numBlocks];
        Arrays.fill(before, NONE);
        Arrays.fill(after, NONE);
        for (int block = 0; block < numBlocks; block++) {
            addLast(block);
        }
    }

    public int numBlocks() {
        return holders.length;
    }

    /** Blocks that nobody holds, those with known contents included. */
    public int numFree() {
        return numFree;
    }

    /** Blocks whose contents can be found by key, held or free. */
    public int numKnown() {
        return index.size();
    }

    /** Sequences that hold a block. */
    public int holders(int block) {
        return holders[block];
    }

    /**
     * Gives out a free block of undefined contents, held once.
     *
     * @throws IllegalStateException when none is free
     */
    public int allocate() {
        if (first == NONE) {
            throw new IllegalStateException("no free block");
        }
        int block = first;
        unlink(block);
        BlockKey key = keys[block];
        if (key != null) {
            index.remove(key);
            keys[block] = null;
        }
        holders[block] = 1;
        return block;
    }

    /** The block that holds the tokens of a key, held by nobody or by others. */
    public OptionalInt find(BlockKey key) {
        return index.find(key);
    }

    /** Holds a block once more that is held already or was found by its key. */
    public void retain(int block) {
        if (holders[block] == 0) {
            if (keys[block] == null) {
                throw new IllegalStateException("block " + block + " is free and its contents are unknown");
            }
            unlink(block);
        }
        holders[block]++;
    }

    /**
     * Holds a block once less. Release the last blocks of a sequence first, so that among the free ones a prefix outlives
     * what follows it.
     */
    public void release(int block) {
        if (holders[block] == 0) {
            throw new IllegalStateException("block " + block + " is not held");
        }
        if (--holders[block] > 0) {
            return;
        }
        if (keys[block] == null) {
            addFirst(block);
        } else {
            addLast(block);
        }
    }

    /**
     * Makes a held block findable: all its tokens are computed. If another block is known by the key already, that one stays
     * and this one remains private.
     */
    public void publish(int block, BlockKey key) {
        if (holders[block] == 0) {
            throw new IllegalStateException("block " + block + " is not held");
        }
        if (keys[block] == null && index.add(key, block)) {
            keys[block] = key;
        }
    }

    private void addFirst(int block) {
        before[block] = NONE;
        after[block] = first;
        if (first == NONE) {
            last = block;
        } else {
            before[first] = block;
        }
        first = block;
        numFree++;
    }

    private void addLast(int block) {
        after[block] = NONE;
        before[block] = last;
        if (last == NONE) {
            first = block;
        } else {
            after[last] = block;
        }
        last = block;
        numFree++;
    }

    private void unlink(int block) {
        if (before[block] == NONE) {
            first = after[block];
        } else {
            after[before[block]] = after[block];
        }
        if (after[block] == NONE) {
            last = before[block];
        } else {
            before[after[block]] = before[block];
        }
        numFree--;
    }
}
