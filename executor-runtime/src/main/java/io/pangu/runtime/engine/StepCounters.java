package io.pangu.runtime.engine;

import io.pangu.runtime.scheduler.ScheduledBatch;
import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import io.pangu.runtime.scheduler.Scheduler;
import java.util.concurrent.atomic.AtomicLong;

/** The engine's counters: written by the scheduler thread and those that end requests, read by any. */
final class StepCounters {
    private final int numBlocks;
    private final AtomicLong steps = new AtomicLong();
    private final AtomicLong stepNanos = new AtomicLong();
    private final AtomicLong promptTokens = new AtomicLong();
    private final AtomicLong cachedTokens = new AtomicLong();
    private final AtomicLong completionTokens = new AtomicLong();
    private final AtomicLong requestsDone = new AtomicLong();
    private final AtomicLong requestsFailed = new AtomicLong();
    private volatile long preemptions;
    private volatile int running;
    private volatile int waiting;
    private volatile int freeBlocks;

    StepCounters(int numBlocks) {
        this.numBlocks = numBlocks;
        this.freeBlocks = numBlocks;
    }

    void countStep(ScheduledBatch batch, long nanos) {
        steps.incrementAndGet();
        stepNanos.addAndGet(nanos);
        int computed = 0;
        for (Slice slice : batch.slices()) {
            boolean isDecode =
                    slice.count() == 1 && slice.start() >= slice.sequence().numPromptTokens();
            computed += isDecode ? 0 : slice.count();
        }
        promptTokens.addAndGet(computed);
    }

    void countCachedTokens(int count) {
        cachedTokens.addAndGet(count);
    }

    void countGeneratedToken() {
        completionTokens.incrementAndGet();
    }

    void countEnd(PendingRequest.Ending ending) {
        (ending == PendingRequest.Ending.WELL ? requestsDone : requestsFailed).incrementAndGet();
    }

    /** Shows the scheduler's state as it is now. */
    void show(Scheduler scheduler) {
        preemptions = scheduler.preemptions();
        running = scheduler.numRunning();
        waiting = scheduler.numWaiting();
        freeBlocks = scheduler.numFreeBlocks();
    }

    EngineStats snapshot() {
        return new EngineStats(
                steps.get(),
                stepNanos.get(),
                promptTokens.get(),
                cachedTokens.get(),
                completionTokens.get(),
                preemptions,
                requestsDone.get(),
                requestsFailed.get(),
                running,
                waiting,
                freeBlocks,
                numBlocks);
    }
}
