package io.pangu.runtime.scheduler;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Chooses the tokens of each step: every running sequence with one token to compute, then chunks of longer ones within the
 * token budget, then new sequences, strictly in order of arrival. When blocks run out the newest running sequence gives its
 * own back and is computed again later; the oldest always goes on, so every sequence ends. Knows ids and counts only. One
 * thread.
 */
public final class Scheduler {
    private final SchedulerSettings settings;
    private final SequenceBlocks blocks;
    // Both by arrival: the first is the oldest.
    private final TreeMap<Long, Sequence> running = new TreeMap<>();
    private final TreeMap<Long, Sequence> waiting = new TreeMap<>();
    private long arrivals;
    private long preemptions;

    public Scheduler(SchedulerSettings settings) {
        this.settings = settings;
        this.blocks = new SequenceBlocks(settings);
    }

    /**
     * Takes a sequence in, behind all others.
     *
     * @throws EngineException {@code OUT_OF_MEMORY} when the whole cache could not hold it
     */
    public void add(Sequence sequence) {
        if (sequence.maxTokens() > settings.capacityTokens()) {
            throw new EngineException(
                    ErrorCode.OUT_OF_MEMORY,
                    "the request may take " + sequence.maxTokens() + " tokens of cache, the cache holds "
                            + settings.capacityTokens() + "; ask for fewer tokens or give the cache more memory");
        }
        sequence.arrive(arrivals++);
        waiting.put(sequence.arrival(), sequence);
    }

    /**
     * The next step. Empty only when no sequence is left. Every sequence that ran in the last step has been given a token or
     * removed since.
     */
    public ScheduledBatch schedule() {
        long preemptedBefore = preemptions;
        secureBlocks();
        List<Slice> slices = new ArrayList<>(running.size() + 1);
        int budget = settings.maxBatchTokens();
        for (Sequence sequence : running.values()) {
            if (sequence.remaining() == 1) {
                slices.add(Slice.next(sequence, 1));
                budget--;
            }
        }
        for (Sequence sequence : running.values()) {
            if (sequence.remaining() > 1 && budget > 0) {
                Slice slice = Slice.next(sequence, budget);
                slices.add(slice);
                budget -= slice.count();
            }
        }
        if (preemptions == preemptedBefore) {
            admit(slices, budget);
        }
        return ScheduledBatch.of(slices);
    }

    /** Notes that a step was computed: its tokens are in the cache. */
    public void complete(ScheduledBatch batch) {
        for (Slice slice : batch.slices()) {
            slice.sequence().advance(slice.count());
            blocks.publish(slice.sequence(), slice.start());
        }
    }

    /** Lets a sequence go, finished or not, with its blocks. Nothing happens when it is not here. */
    public void remove(Sequence sequence) {
        if (running.remove(sequence.arrival(), sequence)) {
            blocks.release(sequence);
        } else {
            waiting.remove(sequence.arrival(), sequence);
        }
    }

    public int numRunning() {
        return running.size();
    }

    public int numWaiting() {
        return waiting.size();
    }

    /** Blocks that no sequence holds. */
    public int numFreeBlocks() {
        return blocks.numFree();
    }

    /** How often a sequence had to give its blocks back. */
    public long preemptions() {
        return preemptions;
    }

    private void secureBlocks() {
        for (Sequence sequence : List.copyOf(running.values())) {
            while (running.containsKey(sequence.arrival()) && !blocks.tryCover(sequence)) {
                preempt(running.lastEntry().getValue());
            }
        }
    }

    private void preempt(Sequence sequence) {
        blocks.release(sequence);
        running.remove(sequence.arrival());
        waiting.put(sequence.arrival(), sequence);
        preemptions++;
    }

    private void admit(List<Slice> slices, int budget) {
        int left = budget;
        while (left > 0 && running.size() < settings.maxSequences()) {
            Map.Entry<Long, Sequence> oldest = waiting.firstEntry();
            // One block in reserve for each that runs already: to admit what must be preempted a moment later is waste.
            if (oldest == null || !blocks.tryAdmit(oldest.getValue(), running.size())) {
                return;
            }
            Sequence sequence = oldest.getValue();
            waiting.remove(sequence.arrival());
            running.put(sequence.arrival(), sequence);
            Slice slice = Slice.next(sequence, left);
            slices.add(slice);
            left -= slice.count();
        }
    }
}
