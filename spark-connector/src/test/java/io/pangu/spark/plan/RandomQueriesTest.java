package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession.Answer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Queries of random shapes: the rows of the same query without a model, and no call made twice for a row. */
class RandomQueriesTest {
    /** Seeds from 1 on; set the property to look further: {@code -Dpangu.random-queries=1000}. */
    private static final long NUM_QUERIES = Long.getLong("pangu.random-queries", 20);

    @BeforeAll
    static void registersTheFunctionThatNeedsNoModel() {
        SqlShapesTest.registersTheFunctionThatNeedsNoModel();
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, NUM_QUERIES);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void giveTheRowsOfTheQueryWithoutAModelAtNoCallTooMany(long seed) {
        RandomQuery query = new RandomQuery(seed);
        Answer expected = FakeSession.run(query.sql().replace("generate(", "oracle("));
        Answer answer = FakeSession.run(query.sql());

        assertThat(answer.rows()).as(query.sql()).containsExactlyInAnyOrderElementsOf(expected.rows());
        assertThat(answer.calls()).as(query.sql()).isLessThanOrEqualTo(query.maxCalls());
    }
}
