package io.pangu.spark.exec;

import io.pangu.spark.request.EngineReply;
import org.jspecify.annotations.Nullable;

/** A row that could not be answered in a query that is to fail for it; names where the row stands, never its text. */
public final class RowFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private RowFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    static RowFailedException of(String function, RowPosition row, EngineReply.Failed failure) {
        return new RowFailedException(
                "[" + failure.code() + "] " + function + "() failed for " + row + ": " + failure.message()
                        + " Mend the row, or SET spark.pangu.on-error=null to get NULL for such rows, or use "
                        + function + "_details() to get the error as a value.",
                null);
    }

    static RowFailedException engineLost(String function, RowPosition row, Throwable cause) {
        return new RowFailedException(
                function + "() lost its engine while waiting for " + row + ": " + cause.getMessage(), cause);
    }

    static RowFailedException cancelled(String function, RowPosition row, EngineReply.Failed failure) {
        return new RowFailedException(
                "[" + failure.code() + "] " + function + "() was cancelled for " + row + ": " + failure.message(),
                null);
    }

    /**
     * Where a row stands.
     *
     * @param partition the task's partition
     * @param row ordinal within the operator's input of this partition, from 0
     */
    record RowPosition(int partition, long row) {
        @Override
        public String toString() {
            return "row " + row + " of partition " + partition;
        }
    }
}
