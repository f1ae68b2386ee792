package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.pangu.spark.plan.FakeSession;
import io.pangu.spark.request.EngineRequest;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Row;

/** Queries over the fake engine as the tests of functions put them. */
final class Queries {
    private Queries() {}

    /** All rows of a query as text, and nothing left of the calls before it. */
    static List<String> rows(String sql) {
        return FakeSession.run(sql).rows();
    }

    /** The first column of the only row. */
    @SuppressWarnings("NullAway") // NULL is what some tests want
    static Object value(String sql) {
        FakeSession.engine().reset();
        List<Row> rows = FakeSession.spark().sql(sql).collectAsList();
        assertThat(rows).hasSize(1);
        return rows.get(0).get(0);
    }

    /** What the engine is asked by a query with one call. */
    static EngineRequest asked(String sql) {
        value(sql);
        assertThat(FakeSession.engine().requests()).hasSize(1);
        return FakeSession.engine().requests().get(0);
    }

    static EngineRequest.Generate generate(String call) {
        return (EngineRequest.Generate) asked("SELECT " + call);
    }

    static EngineRequest.Classify classify(String call) {
        return (EngineRequest.Classify) asked("SELECT " + call);
    }

    static EngineRequest.Embed embed(String call) {
        return (EngineRequest.Embed) asked("SELECT " + call);
    }

    /** Why a query is refused before anything runs. */
    static String analysisError(String sql) {
        FakeSession.engine().reset();
        Throwable error = catchThrowable(() -> FakeSession.spark().sql(sql));
        assertThat(error).as(sql).isInstanceOf(AnalysisException.class);
        assertThat(FakeSession.engine().numCalls()).isZero();
        return String.valueOf(error.getMessage());
    }

    /** The messages of everything that a query dies of, the innermost last. */
    static String failure(String sql) {
        Throwable error = catchThrowable(() -> FakeSession.run(sql));
        assertThat(error).as(sql).isNotNull();
        return String.join(
                "\n",
                Stream.iterate(error, cause -> cause != null, Throwable::getCause)
                        .map(Throwable::toString)
                        .toList());
    }
}
