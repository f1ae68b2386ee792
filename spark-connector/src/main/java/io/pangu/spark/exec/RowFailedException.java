package io.pangu.spark.exec;

import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.request.EngineReply;
import org.jspecify.annotations.Nullable;

/** A row that could not be answered in a query that is to fail for it; names where the row stands, never its text. */
public final class RowFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private RowFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    static RowFailedException of(PanguFunction function, RowPosition row, EngineReply.Failed failure) {
        String asValue = function.details()
                .map(details -> ", or use " + details.sqlName() + "() to get the error as a value")
                .orElse("");
        return new RowFailedException(
                "[" + failure.code() + "] " + function.sqlName() + "() failed for " + row + ": "
                        + sentence(failure.message())
                        + " Mend the row, or SET spark.pangu.on-error=null to get NULL for such rows" + asValue + ".",
                null);
    }

    static RowFailedException tooMany(
            PanguFunction function, RowPosition row, EngineReply.Failed failure, String share, double limit) {
        return new RowFailedException(
                "[" + failure.code() + "] " + share + " calls of this task failed, more than"
                        + " spark.pangu.max-error-ratio=" + limit + " allows; the latest is " + function.sqlName()
                        + "() for " + row + ": " + sentence(failure.message())
                        + " Mend the rows or the options, or raise spark.pangu.max-error-ratio.",
                null);
    }

    static RowFailedException engineLost(PanguFunction function, RowPosition row, Throwable cause) {
        return new RowFailedException(
                function.sqlName() + "() lost its engine while waiting for " + row + ": " + cause.getMessage(), cause);
    }

    static RowFailedException cancelled(PanguFunction function, RowPosition row, EngineReply.Failed failure) {
        return new RowFailedException(
                "[" + failure.code() + "] " + function.sqlName() + "() was cancelled for " + row + ": "
                        + failure.message(),
                null);
    }

    private static String sentence(String message) {
        return message.endsWith(".") ? message : message + ".";
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
