package io.pangu.runtime.sampling;

/** The tokens that may still be drawn, with unnormalised weights. One thread. */
final class Candidates {
    private final int vocabSize;
    private final int[] ids;
    private final double[] weights;
    private int size;

    Candidates(int vocabSize) {
        this.vocabSize = vocabSize;
        ids = new int[vocabSize];
        weights = new double[vocabSize];
    }

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    void add(int id, double weight) {
        ids[size] = id;
        weights[size] = weight;
        size++;
    }

    /**
     * Keeps the {@code topK} heaviest, then of these the fewest heaviest whose share of their sum reaches {@code topP}; the
     * lower id first among equals.
     */
    void keepMostLikely(int topK, double topP) {
        int kept = Math.min(topK, size);
        if (topP == 1) {
            keepLast(kept == size ? size : sortHeaviestToEnd(kept, Double.POSITIVE_INFINITY));
            return;
        }
        // Without top-k the sum is known before anything is sorted, so the sort stops where top-p is reached.
        int sorted = sortHeaviestToEnd(kept, kept == size ? topP * sum(0, size) : Double.POSITIVE_INFINITY);
        double goal = topP * (kept == size ? sum(0, size) : sum(size - sorted, size));
        double reached = 0;
        int nucleus = 0;
        while (nucleus < sorted && reached < goal) {
            nucleus++;
            reached += weights[size - nucleus];
        }
        keepLast(nucleus);
    }

    private void keepLast(int count) {
        int from = size - count;
        System.arraycopy(ids, from, ids, 0, count);
        System.arraycopy(weights, from, weights, 0, count);
        size = count;
    }

    /** The token at a point of [0, 1) of the candidates laid end to end. */
    int draw(double point) {
        double left = point * sum(0, size);
        for (int i = 0; i < size; i++) {
            left -= weights[i];
            if (left < 0) {
                return ids[i];
            }
        }
        return ids[size - 1];
    }

    double[] probabilities() {
        double total = sum(0, size);
        double[] result = new double[vocabSize];
        for (int i = 0; i < size; i++) {
            result[ids[i]] = weights[i] / total;
        }
        return result;
    }

    private double sum(int from, int to) {
        double total = 0;
        for (int i = from; i < to; i++) {
            total += weights[i];
        }
        return total;
    }

    /** Heap sort from the heavy end, until {@code most} are in place or their sum reaches the goal; returns how many are. */
    private int sortHeaviestToEnd(int most, double goal) {
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(i, size);
        }
        double reached = 0;
        int sorted = 0;
        while (sorted < most && reached < goal) {
            int end = size - 1 - sorted;
            swap(0, end);
            sink(0, end);
            reached += weights[end];
            sorted++;
        }
        return sorted;
    }

    private void sink(int start, int end) {
        int parent = start;
        while (2 * parent + 1 < end) {
            int child = 2 * parent + 1;
            if (child + 1 < end && isHeavier(child + 1, child)) {
                child++;
            }
            if (!isHeavier(child, parent)) {
                return;
            }
            swap(child, parent);
            parent = child;
        }
    }

    private boolean isHeavier(int a, int b) {
        return weights[a] > weights[b] || (weights[a] == weights[b] && ids[a] < ids[b]);
    }

    private void swap(int a, int b) {
        int id = ids[a];
        ids[a] = ids[b];
        ids[b] = id;
        double weight = weights[a];
        weights[a] = weights[b];
        weights[b] = weight;
    }
}
