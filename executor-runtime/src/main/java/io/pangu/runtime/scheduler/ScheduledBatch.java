package io.pangu.runtime.scheduler;

import java.util.List;

/**
 * The tokens of one step, at most one slice a sequence.
 *
 * @param slices decodes first
 * @param numTokens of all slices
 * @param numOutputs tokens of all slices whose output is wanted
 */
public record ScheduledBatch(List<Slice> slices, int numTokens, int numOutputs) {
    public ScheduledBatch {
        slices = List.copyOf(slices);
    }

    static ScheduledBatch of(List<Slice> slices) {
        int tokens = 0;
        int outputs = 0;
        for (Slice slice : slices) {
            tokens += slice.count();
            outputs += slice.numOutputs();
        }
        return new ScheduledBatch(slices, tokens, outputs);
    }

    public boolean isEmpty() {
        return slices.isEmpty();
    }

    /**
     * Consecutive tokens of a sequence.
     *
     * @param sequence whose tokens
     * @param start index of the first
     * @param count at least 1
     * @param numOutputs how many of them, the last ones, have their output wanted
     */
    public record Slice(Sequence sequence, int start, int count, int numOutputs) {
        static Slice next(Sequence sequence, int most) {
            int start = sequence.numComputed();
            int count = Math.min(most, sequence.remaining());
            int outputs = Math.max(0, start + count - Math.max(start, sequence.nextOutput()));
            return new Slice(sequence, start, count, outputs);
        }
    }
}
