package io.pangu.runtime.engine;

import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.scheduler.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * One sequence's work: what the model's outputs after its tokens mean, and who waits for the result. Requests with equal
 * tasks wait for one. Made on the submitting thread, then the scheduler thread's until it is finished, then only read.
 */
abstract sealed class Task<T> permits GenerateTask, ScoreTask, EmbedTask {
    private final Sequence sequence;
    private final Object identity;
    private final List<PendingRequest<T>> requests = new ArrayList<>();

    /**
     * A task nobody waits for yet.
     *
     * @param identity equal for tasks with equal results
     */
    Task(Sequence sequence, Object identity) {
        this.sequence = sequence;
        this.identity = identity;
    }

    final Sequence sequence() {
        return sequence;
    }

    final Object identity() {
        return identity;
    }

    final List<PendingRequest<T>> requests() {
        return requests;
    }

    /** What it wants of the rows whose output it wants. */
    abstract ForwardBatch.Output outputKind();

    /**
     * Reads outputs of a step.
     *
     * @param firstRow the first of its output rows; they are consecutive
     * @param firstToken index in the sequence of the token that this row belongs to
     * @param count how many, at least 1
     */
    abstract void read(StepOutputs outputs, int firstRow, int firstToken, int count);

    /** Goes on after a step in which it read outputs, all answers given; true when it is finished. */
    abstract boolean advance();

    /** The result of a finished task; each call makes one of its own. Any thread. */
    abstract T result();
}
