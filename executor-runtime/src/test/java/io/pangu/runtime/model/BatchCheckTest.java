package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pangu.runtime.model.ForwardBatch.Output;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BatchCheckTest {
    private final BatchCheck check = new BatchCheck(100, new ModelLimits(12, 6, 2, 0), new KvCache(List.of(), 5, 4));

    /** Two runs: tokens 4 and 5 of one sequence, tokens 0 to 2 of another. */
    private static ForwardBatch valid() {
        return new ForwardBatch(
                new int[] {7, 99, 0, 1, 2},
                new int[] {4, 5, 0, 1, 2},
                new int[] {0, 1, 12, 13, 14},
                new int[] {0, 2, 5},
                new int[] {6, 3},
                new int[][] {{4, 0}, {3, 99}},
                new int[] {1, 4},
                new Output[] {Output.LOGITS, Output.HIDDEN});
    }

    @Test
    void acceptsARaggedBatchWhoseSpareBlockIdsMeanNothing() {
        assertThatCode(() -> check.require(valid())).doesNotThrowAnyException();
    }

    @Test
    void acceptsTheSameBatchAgain() {
        check.require(valid());
        assertThatCode(() -> check.require(valid())).doesNotThrowAnyException();
    }

    static List<Arguments> faults() {
        return List.of(
                fault("a token beyond the vocabulary", "token of row 1: 100", b -> set(b, b.tokenIds(), 1, 100)),
                fault("a negative token", "token of row 0: -1", b -> set(b, b.tokenIds(), 0, -1)),
                fault("a position out of order", "position of row 3: 2", b -> set(b, b.positions(), 3, 2)),
                fault("a slot of another block", "slot of row 0: 5", b -> set(b, b.slots(), 0, 5)),
                fault("a run without rows", "rows of sequence 0: 0", b -> set(b, b.queryStarts(), 1, 0)),
                fault("rows left over", "last query start: 4", b -> set(b, b.queryStarts(), 2, 4)),
                fault("a late start", "first query start: 1", b -> set(b, b.queryStarts(), 0, 1)),
                fault("less context than rows", "context of sequence 1: 2", b -> set(b, b.contextLengths(), 1, 2)),
                fault("too long a context", "context of sequence 0: 13", b -> set(b, b.contextLengths(), 0, 13)),
                fault("too few blocks", "blocks of sequence 0: 2", b -> set(b, b.contextLengths(), 0, 9)),
                fault("a block beyond the cache", "block of sequence 1: 5", b -> set(b, b.blockTables()[1], 0, 5)),
                fault("outputs out of order", "output row after row 1: 1", b -> set(b, b.outputRows(), 1, 1)),
                fault("an output beyond the rows", "output row after row 1: 5", b -> set(b, b.outputRows(), 1, 5)),
                fault("a negative output", "output row after row -1: -1", b -> set(b, b.outputRows(), 0, -1)),
                fault("no rows", "rows: 0", b -> rows(0)),
                fault("too many rows", "rows: 7", b -> rows(7)),
                fault(
                        "too many sequences",
                        "sequences: 3",
                        b -> new ForwardBatch(
                                b.tokenIds(),
                                b.positions(),
                                b.slots(),
                                new int[] {0, 1, 2, 5},
                                new int[] {1, 1, 3},
                                new int[][] {{0}, {1}, {2}},
                                b.outputRows(),
                                b.output())),
                fault(
                        "one slot for two sequences",
                        "rows that write slot 0: 2",
                        b -> new ForwardBatch(
                                new int[] {1, 2},
                                new int[] {0, 0},
                                new int[] {0, 0},
                                new int[] {0, 1, 2},
                                new int[] {1, 1},
                                new int[][] {{0}, {0}},
                                new int[0],
                                new Output[0])),
                fault(
                        "kinds of other outputs",
                        "kinds of outputs: 1",
                        b -> new ForwardBatch(
                                b.tokenIds(),
                                b.positions(),
                                b.slots(),
                                b.queryStarts(),
                                b.contextLengths(),
                                b.blockTables(),
                                b.outputRows(),
                                new Output[] {Output.LOGITS})));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void refuses(String fault, String message, UnaryOperator<ForwardBatch> planted) {
        ForwardBatch batch = planted.apply(valid());
        assertThatIllegalArgumentException()
                .as(fault)
                .isThrownBy(() -> check.require(batch))
                .withMessageContaining(message);
    }

    private static Arguments fault(String name, String message, UnaryOperator<ForwardBatch> planted) {
        return Arguments.of(name, message, planted);
    }

    private static ForwardBatch set(ForwardBatch batch, int[] array, int index, int value) {
        array[index] = value;
        return batch;
    }

    private static ForwardBatch rows(int count) {
        int[] zeros = new int[count];
        return new ForwardBatch(
                zeros,
                zeros,
                zeros,
                new int[] {0, count},
                new int[] {count},
                new int[][] {{0}},
                zeros,
                new Output[count]);
    }
}
