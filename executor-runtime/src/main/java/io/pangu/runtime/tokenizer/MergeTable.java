package io.pangu.runtime.tokenizer;

/**
 * Which two neighbouring symbols merge into which third, and how early: the vocabulary of byte pair encoding. Filled by one
 * thread, then only read.
 */
final class MergeTable {
    /** What {@link #find} returns for two symbols that never merge. */
    static final long NONE = -1;

    private static final double LOAD = 0.5;

    private long[] keys;
    private long[] values;
    private int size;

    MergeTable(int expected) {
        int capacity = Integer.highestOneBit((int) Math.min(1 << 28, Math.max(16, expected / LOAD))) << 1;
        keys = new long[capacity];
        values = new long[capacity];
    }

    /**
     * Adds a merge; the first of a pair wins.
     *
     * @param rank lower merges first; merges of one rank go from left to right
     */
    void put(int left, int right, int rank, int merged) {
        if (size > keys.length * LOAD) {
            grow();
        }
        long key = key(left, right);
        int slot = slot(key, keys.length);
        while (keys[slot] != 0) {
            if (keys[slot] == key) {
                return;
            }
            slot = (slot + 1) & (keys.length - 1);
        }
        keys[slot] = key;
        values[slot] = (long) rank << 32 | merged;
        size++;
    }

    /** Rank (high 32 bits) and merged symbol (low 32 bits) of two neighbours, or {@link #NONE}. */
    long find(int left, int right) {
        long key = key(left, right);
        int slot = slot(key, keys.length);
        while (keys[slot] != 0) {
            if (keys[slot] == key) {
                return values[slot];
            }
            slot = (slot + 1) & (keys.length - 1);
        }
        return NONE;
    }

    static int rank(long found) {
        return (int) (found >>> 32);
    }

    static int merged(long found) {
        return (int) found;
    }

    private void grow() {
        long[] oldKeys = keys;
        long[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = new long[oldKeys.length * 2];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int slot = slot(oldKeys[i], keys.length);
                while (keys[slot] != 0) {
                    slot = (slot + 1) & (keys.length - 1);
                }
                keys[slot] = oldKeys[i];
                values[slot] = oldValues[i];
            }
        }
    }

    /** Zero marks a free slot, so pair (0, 0) must not be zero. */
    private static long key(int left, int right) {
        return ((long) left << 32 | right) + 1;
    }

    private static int slot(long key, int capacity) {
        long mixed = key * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32 ^ mixed) & (capacity - 1);
    }
}
