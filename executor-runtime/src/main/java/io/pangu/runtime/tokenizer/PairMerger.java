package io.pangu.runtime.tokenizer;

import java.util.Arrays;

/**
 * Byte pair encoding of one word: merges the neighbours of lowest rank, leftmost first, until none merge. A heap keeps this at
 * n log n for words of any length. Its buffers are reused from word to word; one thread.
 */
final class PairMerger {
    private final MergeTable merges;
    private int[] symbols = new int[64];
    private int[] next = new int[64];
    private int[] previous = new int[64];
    private long[] heap = new long[64];
    private int heapSize;

    PairMerger(MergeTable merges) {
        this.merges = merges;
    }

    /** Merges the symbols of {@code word} and adds what is left to {@code out}. */
    void merge(IntList word, IntList out) {
        int n = word.size();
        if (n == 0) {
            return;
        }
        load(word, n);
        while (heapSize > 0) {
            long top = pop();
            int left = (int) top;
            int right = next[left];
            if (right < 0 || symbols[left] < 0) {
                continue;
            }
            long found = merges.find(symbols[left], symbols[right]);
            if (found == MergeTable.NONE || MergeTable.rank(found) != (int) (top >>> 32)) {
                continue;
            }
            join(left, right, MergeTable.merged(found));
        }
        for (int i = 0; i >= 0; i = next[i]) {
            out.add(symbols[i]);
        }
    }

    private void load(IntList word, int n) {
        if (symbols.length < n) {
            int capacity = Math.max(n, symbols.length * 2);
            symbols = new int[capacity];
            next = new int[capacity];
            previous = new int[capacity];
        }
        heapSize = 0;
        for (int i = 0; i < n; i++) {
            symbols[i] = word.at(i);
            previous[i] = i - 1;
            next[i] = i + 1 < n ? i + 1 : -1;
        }
        for (int i = 0; i + 1 < n; i++) {
            offer(i);
        }
    }

    private void join(int left, int right, int merged) {
        symbols[left] = merged;
        symbols[right] = -1;
        next[left] = next[right];
        if (next[left] >= 0) {
            previous[next[left]] = left;
            offer(left);
        }
        if (previous[left] >= 0) {
            offer(previous[left]);
        }
    }

    /** Entries are never taken back: one whose pair has changed is dropped when it is popped. */
    private void offer(int left) {
        long found = merges.find(symbols[left], symbols[next[left]]);
        if (found == MergeTable.NONE) {
            return;
        }
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, heapSize * 2);
        }
        long entry = (long) MergeTable.rank(found) << 32 | left;
        int i = heapSize++;
        while (i > 0 && heap[(i - 1) >>> 1] > entry) {
            heap[i] = heap[(i - 1) >>> 1];
            i = (i - 1) >>> 1;
        }
        heap[i] = entry;
    }

    private long pop() {
        long top = heap[0];
        long last = heap[--heapSize];
        int i = 0;
        while (true) {
            int child = 2 * i + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = last;
        return top;
    }
}
