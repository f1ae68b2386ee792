package io.pangu.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.pangu.spark.plan.FakeSession;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user meets when something is missing, wrong or lost. */
@Timeout(180)
class FailedQueriesTest {
    private final SparkSession spark = FakeSession.spark();

    @Nested
    class Settings {
        @Test
        void withoutAModelSayHowToSetOne() {
            assertThat(failure("spark.pangu.model", "", "SELECT generate(prompt) FROM t"))
                    .contains("No model is configured: spark.pangu.model is not set.")
                    .contains("SET spark.pangu.model=/models/pangu-pro-moe");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                spark.pangu.backend          | gpu    | spark.pangu.backend is 'gpu'; it must be: `auto`, `cpu`, `cann`.
                spark.pangu.window           | 0      | spark.pangu.window is '0'; it must be: `auto` or a whole number ≥ 1.
                spark.pangu.on-error         | skip   | spark.pangu.on-error is 'skip'; it must be: `fail`, `null`.
                spark.pangu.partitions       | few    | spark.pangu.partitions is 'few'; it must be: `auto`, `keep` or a
                spark.pangu.kv-cache-bytes   | plenty | spark.pangu.kv-cache-bytes is 'plenty'; it must be: bytes
                spark.pangu.max-error-ratio  | 2      | spark.pangu.max-error-ratio is '2'; it must be: number from 0 to 1.
                """)
        void withABadValueNameKeyAndValue(String key, String value, String message) {
            assertThat(failure(key, value, "SELECT generate(prompt) FROM t")).contains(message);
        }

        @Test
        void thatDoNotExistAreNamedWithTheOneThatWasMeant() {
            assertThat(failure("spark.pangu.on-eror", "null", "SELECT generate(prompt) FROM t"))
                    .contains("spark.pangu.on-eror is set, but there is no such setting."
                            + " Did you mean spark.pangu.on-error? Take it out (in SQL: RESET spark.pangu.on-eror)");
        }

        @Test
        void doNotMatterToQueriesThatCallNoModel() {
            assertThat(FakeSession.<Long>with(
                            Map.of("spark.pangu.model", "", "spark.pangu.window", "0", "spark.pangu.nonsense", "1"),
                            () -> spark.sql("SELECT id FROM t").count()))
                    .isEqualTo(40);
        }

        @Test
        void areReadForEachQueryAnew() {
            String sql = "SELECT generate('poison') AS g";

            assertThat(failure("spark.pangu.on-error", "fail", sql)).contains("PROMPT_TOO_LONG");
            assertThat(FakeSession.with(
                            Map.of("spark.pangu.on-error", "NULL"),
                            () -> FakeSession.run(sql).rows()))
                    .containsExactly("[null]");
        }
    }

    @Nested
    class Models {
        @Test
        void thatAreNotThereAreNamedByEachTask() {
            String failure = failure("spark.pangu.model", "/no/such/model", "SELECT generate(prompt) FROM t");

            assertThat(failure).contains("EngineUnavailableException").contains("/no/such/model");
        }

        @Test
        void areNotOpenedForRowsWithNothingToAsk() {
            assertThat(FakeSession.with(
                            Map.of("spark.pangu.model", "/no/such/model"),
                            () -> FakeSession.run(
                                            "SELECT id, generate(if(id < 0, prompt, NULL)) FROM t WHERE id < 2 ORDER BY id")
                                    .rows()))
                    .containsExactly("[0,null]", "[1,null]");
            assertThat(FakeSession.with(
                            Map.of("spark.pangu.model", "/no/such/model"),
                            () -> FakeSession.run("SELECT generate(prompt) FROM t WHERE id < 0")
                                    .rows()))
                    .isEmpty();
        }

        @Test
        void thatFailLeaveTheSessionAsItWas() {
            failure("spark.pangu.model", "/no/such/model", "SELECT generate(prompt) FROM t");

            assertThat(FakeSession.run("SELECT generate('a')").rows()).containsExactly("[<a>]");
        }
    }

    @Nested
    class Engines {
        @Test
        void thatAreLostFailTheQueryWithTheCauseAndTheRow() {
            assertThat(failure(
                            "spark.pangu.on-error",
                            "null",
                            "SELECT generate(concat('lost', id)) FROM range(0, 1, 1, 1)"))
                    .contains("generate() lost its engine while waiting for row 0 of partition 0: the device is gone");
        }

        @Test
        void areGivenUpWhenAQueryIsCancelled() throws Exception {
            FakeSession.engine().reset();
            CompletableFuture<Throwable> outcome = CompletableFuture.supplyAsync(() -> {
                spark.sparkContext().setJobGroup("stuck", "waits for ever", false);
                return catchThrowable(() -> spark.sql("SELECT generate(concat('stuck', id)) FROM range(0, 20, 1, 1)")
                        .collectAsList());
            });
            await().atMost(90, TimeUnit.SECONDS)
                    .until(() -> FakeSession.engine().numCalls() == 20);

            spark.sparkContext().cancelJobGroup("stuck");

            assertThat(outcome.get(90, TimeUnit.SECONDS)).isNotNull();
            await().atMost(60, TimeUnit.SECONDS)
                    .untilAsserted(() ->
                            assertThat(FakeSession.engine().numCancelled()).isEqualTo(20));
        }

        @Test
        void areGivenUpWhenEnoughRowsCame() {
            FakeSession.engine().reset();
            assertThat(spark.sql("SELECT g FROM (SELECT id, generate(if(id = 0, 'a', concat('stuck', id))) AS g"
                                    + " FROM range(0, 20, 1, 1)) WHERE g <> '' LIMIT 1")
                            .collectAsList())
                    .hasSize(1);

            await().atMost(60, TimeUnit.SECONDS)
                    .untilAsserted(() ->
                            assertThat(FakeSession.engine().numCancelled()).isEqualTo(19));
        }
    }

    @Nested
    class Ratios {
        private static final String HALF =
                "SELECT generate(if(id % 2 = 0, 'poison', 'a')) AS g FROM range(0, 10, 1, 1)";

        @Test
        void letFailedRowsPassUpToTheLimit() {
            assertThat(FakeSession.with(
                                    Map.of("spark.pangu.on-error", "null", "spark.pangu.max-error-ratio", "0.5"),
                                    () -> FakeSession.run(HALF).rows())
                            .stream()
                            .filter("[null]"::equals))
                    .hasSize(5);
        }

        @Test
        void failTheQueryBeyondIt() {
            assertThat(FakeSession.with(
                            Map.of("spark.pangu.max-error-ratio", "0.4"),
                            () -> failure("spark.pangu.on-error", "null", HALF)))
                    .contains(
                            "[PROMPT_TOO_LONG] 5 of 10 calls of this task failed, more than spark.pangu.max-error-ratio=0.4")
                    .contains("row 8 of partition 0: 9 tokens, room for 8; cut it. Mend the rows");
        }
    }

    private String failure(String key, String value, String sql) {
        return FakeSession.with(Map.of(key, value), () -> {
            Throwable error = catchThrowable(() -> spark.sql(sql).collectAsList());
            assertThat(error).as(sql).isNotNull();
            StringBuilder messages = new StringBuilder();
            for (Throwable cause = error; cause != null; cause = cause.getCause()) {
                messages.append(cause).append('\n');
            }
            return messages.toString();
        });
    }
}
