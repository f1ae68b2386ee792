package io.pangu.spark.exec;

import io.pangu.spark.exec.RowFailedException.RowPosition;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.request.EngineReply.Failed;
import org.jspecify.annotations.Nullable;

/** How many of a task's calls failed, where failures give NULL; too many of them fail the query after all. */
final class ErrorRatio {
    /** A few failures among the first calls say nothing about the rest. */
    static final int FEW_ANSWERS = 100;

    private final double limit;
    private long numAnswers;
    private long numFailed;
    private @Nullable Latest latest;

    private record Latest(PanguFunction function, RowPosition row, Failed failure) {}

    ErrorRatio(double limit) {
        this.limit = limit;
    }

    void addAnswer() {
        numAnswers++;
    }

    /** Notes a failure, which {@link #addAnswer} counted already. */
    void addFailure(PanguFunction function, RowPosition row, Failed failure) {
        numFailed++;
        latest = new Latest(function, row, failure);
        if (numAnswers >= FEW_ANSWERS) {
            check();
        }
    }

    /** Throws when more calls failed than may; called at the end of the task too, however few they were. */
    void check() {
        if (latest != null && numFailed > limit * numAnswers) {
            String share = numFailed + " of " + numAnswers;
            throw RowFailedException.tooMany(latest.function(), latest.row(), latest.failure(), share, limit);
        }
    }
}
