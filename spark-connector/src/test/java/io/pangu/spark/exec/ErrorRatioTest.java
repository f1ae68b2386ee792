package io.pangu.spark.exec;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.exec.RowFailedException.RowPosition;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.request.EngineReply.Failed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorRatioTest {
    @ParameterizedTest
    @CsvSource({"0, 10, 0", "0.1, 10, 1", "0.5, 3, 1", "1, 5, 5", "1, 500, 500", "0.25, 400, 100"})
    void allowsUpToTheLimit(double limit, int answers, int failures) {
        ErrorRatio errors = new ErrorRatio(limit);

        assertThatCode(() -> {
                    answer(errors, answers, failures);
                    errors.check();
                })
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"0, 10, 1", "0.1, 10, 2", "0.5, 3, 2"})
    void refusesMoreAtTheEnd(double limit, int answers, int failures) {
        ErrorRatio errors = new ErrorRatio(limit);
        answer(errors, answers, failures);

        assertThatThrownBy(errors::check)
                .isInstanceOf(RowFailedException.class)
                .hasMessageContaining(failures + " of " + answers + " calls of this task failed")
                .hasMessageContaining("spark.pangu.max-error-ratio=" + limit)
                .hasMessageContaining("row " + (answers - 1) + " of partition 4: why. Mend");
    }

    @Test
    void looksEarlyOnlyAtManyAnswers() {
        ErrorRatio errors = new ErrorRatio(0.5);
        answer(errors, ErrorRatio.FEW_ANSWERS - 1, ErrorRatio.FEW_ANSWERS - 1);

        assertThatThrownBy(() -> answer(errors, 1, 1)).hasMessageContaining("100 of 100 calls");
    }

    /** So many answers, the last of which fail. */
    private static void answer(ErrorRatio errors, int answers, int failures) {
        for (int row = 0; row < answers; row++) {
            errors.addAnswer();
            if (row >= answers - failures) {
                errors.addFailure(PanguFunction.EMBED, new RowPosition(4, row), new Failed("TIMEOUT", "why", true));
            }
        }
    }
}
