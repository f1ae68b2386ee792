package io.pangu.spark.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A prompt table costs what of it is wanted: calls of the model are counted. */
final class PanguSourceCallsTest {
    @TempDir
    private static Path directory;

    private static SparkSession spark;
    private static String prompts;

    @BeforeAll
    static void writePrompts() {
        spark = FakeSession.spark().newSession();
        prompts = directory.resolve("prompts").toString();
        spark.range(40)
                .selectExpr("id", "concat('p', id) AS prompt", "id % 4 AS k")
                .repartition(4)
                .write()
                .parquet(prompts);
        spark.read().format("pangu").option("prompts", prompts).load().createOrReplaceTempView("answers");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT * FROM answers                                                  | 40
            SELECT id, prompt FROM answers                                         | 0
            SELECT count(*) FROM answers                                           | 0
            SELECT * FROM answers WHERE id < 10                                    | 10
            SELECT * FROM answers WHERE k = 1                                      | 10
            SELECT * FROM answers WHERE upper(prompt) = 'P7'                       | 1
            SELECT * FROM answers WHERE completion LIKE '%1%' AND id < 10          | 10
            SELECT * FROM answers LIMIT 3                                          | 3
            SELECT * FROM answers ORDER BY id LIMIT 3                              | 3
            SELECT a.* FROM answers a JOIN (SELECT explode(array(1L, 2L)) i) b ON a.id = b.i | 40
            SELECT * FROM answers WHERE id IN (SELECT id FROM range(5)) AND completion IS NOT NULL | 5
            """)
    void areMadeOnlyForRowsThatAreWanted(String query, long calls) {
        assertThat(callsOf(spark.sql(query))).isEqualTo(calls);
    }

    @Test
    void areMadeOnlyForWantedRowsOfAPathToo() {
        assertThat(callsOf(spark.sql("SELECT * FROM pangu.`" + prompts + "` WHERE id < 10")))
                .isEqualTo(10);
        assertThat(callsOf(spark.sql("SELECT id FROM pangu.`" + prompts + "`"))).isZero();
    }

    @Test
    void readOnlyTheColumnsThatAreWanted() {
        String plan = spark.sql("SELECT k FROM answers WHERE id = 1")
                .queryExecution()
                .executedPlan()
                .toString();

        assertThat(plan).contains("ReadSchema: struct<id:bigint,k:bigint>").contains("PushedFilters: [IsNotNull(id)");
    }

    private static long callsOf(Dataset<Row> query) {
        FakeSession.engine().reset();
        query.collectAsList();
        return FakeSession.engine().numCalls();
    }
}
