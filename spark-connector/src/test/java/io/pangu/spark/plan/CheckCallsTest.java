package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.functions.Seqs;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.plans.logical.Assignment;
import org.apache.spark.sql.catalyst.plans.logical.DeleteAction;
import org.apache.spark.sql.catalyst.plans.logical.DeleteFromTable;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.MergeAction;
import org.apache.spark.sql.catalyst.plans.logical.MergeIntoTable;
import org.apache.spark.sql.catalyst.plans.logical.UpdateTable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;

/** Calls that cannot be made are refused in words, before anything runs, and never by an internal error. */
class CheckCallsTest {
    private static final SparkSession SPARK = FakeSession.spark();

    private static void assertRefused(String sql, String... words) {
        FakeSession.engine().reset();
        assertThatThrownBy(() -> SPARK.sql(sql))
                .isInstanceOf(AnalysisException.class)
                .hasMessageNotContaining("INTERNAL_ERROR")
                .satisfies(error -> assertThat(error.getMessage()).contains(words));
        assertThat(FakeSession.engine().numCalls()).isZero();
    }

    @Nested
    class InLambdas {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "SELECT transform(array('a', 'b'), x -> generate(x)) FROM t",
                    "SELECT transform(array('a', 'b'), (x, i) -> upper(generate(concat(x, prompt)))) FROM t",
                    "SELECT aggregate(array('a', 'b'), '', (a, x) -> generate(concat(a, x))) FROM t",
                    "SELECT id FROM t WHERE exists(array(prompt), x -> generate(x) LIKE '%3>')",
                    "SELECT transform(array('a'), x -> transform(array('b'), y -> generate(x))) FROM t",
                    "SELECT map_filter(map('a', 1), (key, value) -> generate(key) LIKE 'x%') FROM t",
                    "SELECT max(transform(array(prompt), x -> generate(x))) FROM t",
                    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND"
                            + " exists(array(u.prompt), x -> generate(x) LIKE '%1%'))"
                })
        void areRefusedWhereTheyReadAnElement(String sql) {
            assertRefused(sql, "The call generate(", "variable of a lambda function", "Explode the array");
        }

        @Test
        void areMadeOnceForTheRowWhereTheyDoNot() {
            assertThat(FakeSession.run("SELECT transform(array(1, 2, 3), x -> concat(x, generate(prompt))) FROM t")
                            .calls())
                    .isEqualTo(40);
        }
    }

    @Nested
    class InVariables {
        @Test
        void areRefusedAsDefaults() {
            assertRefused(
                    "DECLARE OR REPLACE VARIABLE answer STRING DEFAULT generate('q')",
                    "The call generate('q') is the default value of a variable",
                    "SET VAR v = (SELECT generate('...'))");
        }

        @Test
        void areMadeWhenSetByAQueryAsTheMessageSays() {
            SPARK.sql("DECLARE OR REPLACE VARIABLE answer STRING");
            try {
                SPARK.sql("SET VAR answer = (SELECT generate('q'))");
                assertThat(SPARK.sql("SELECT answer").first().getString(0)).isEqualTo("<q>");
            } finally {
                SPARK.sql("DROP TEMPORARY VARIABLE answer");
            }
        }

        @Test
        void leaveOtherDefaultsAlone() {
            assertThatCode(() -> SPARK.sql("DECLARE OR REPLACE VARIABLE plain STRING DEFAULT upper('q')"))
                    .doesNotThrowAnyException();
            SPARK.sql("DROP TEMPORARY VARIABLE plain");
        }
    }

    @Nested
    class InTableDefinitions {
        @Test
        void areRefusedAsColumnDefaults() {
            assertRefused(
                    "CREATE TABLE refused (a STRING DEFAULT generate('q')) USING parquet",
                    "DEFAULT value generate('q')",
                    "not a constant");
        }

        @Test
        void areRefusedAsGeneratedColumns() {
            assertRefused(
                    "CREATE TABLE refused (a STRING, b STRING GENERATED ALWAYS AS (generate(a))) USING parquet",
                    "does not support generated columns");
        }

        @Test
        void areRefusedInInlineTables() {
            assertRefused("SELECT * FROM VALUES (generate('a'))", "Cannot evaluate the expression \"generate(a)\"");
        }
    }

    @Nested
    class InJoins {
        @ParameterizedTest
        @ValueSource(strings = {"LEFT", "RIGHT", "FULL", "LEFT SEMI", "LEFT ANTI"})
        void areRefusedWhereAnOuterJoinsConditionReadsBothSides(String type) {
            assertRefused(
                    "SELECT 1 FROM t " + type + " JOIN u ON t.id = u.id"
                            + " AND generate(concat(t.prompt, u.prompt)) LIKE '%1%'",
                    "cannot be made inside Join",
                    "both sides of a join",
                    "in a subquery");
        }

        @Test
        void areMadeByTheRemedyThatTheMessageNames() {
            FakeSession.Answer answer = FakeSession.run(
                    "SELECT t.id, j.answer FROM t LEFT JOIN (SELECT t.id, generate(concat(t.prompt, u.prompt))"
                            + " AS answer FROM t JOIN u ON t.id = u.id) j ON t.id = j.id AND j.answer LIKE '%1%'");

            assertThat(answer.calls()).isEqualTo(20);
            assertThat(answer.rows()).hasSize(40).contains("[1,<p1q1>]", "[2,null]");
        }
    }

    @Nested
    class InSubqueries {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "SELECT t.id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND"
                            + " generate(concat(t.prompt, u.prompt)) LIKE '%1%')",
                    "SELECT t.id FROM t WHERE t.id NOT IN (SELECT u.id FROM u WHERE"
                            + " generate(concat(t.prompt, u.prompt)) LIKE '%1%')",
                    "SELECT t.id, CASE WHEN EXISTS (SELECT 1 FROM u WHERE generate(concat(t.prompt, u.prompt)) = 'x')"
                            + " THEN 1 END FROM t"
                })
        void areRefusedWhereAPredicateReadsBothQueries(String sql) {
            assertRefused(sql, "outer query", "EXISTS or IN", "Join the two tables");
        }
    }

    /** Spark's own tables refuse these commands first; the tables of others do not. */
    @Nested
    class InChangesOfTables {
        private final LogicalPlan table = SPARK.table("t").queryExecution().analyzed();
        private final LogicalPlan source = SPARK.table("u").queryExecution().analyzed();
        private final Attribute prompt = table.output().apply(2);
        private final Expression call = Plans.generate(prompt);
        private final Expression asking = Plans.equal(call, "x");
        private final Expression plain = Plans.equal(prompt, "x");

        private void assertConditionRefused(LogicalPlan command) {
            assertThatThrownBy(() -> new CheckCalls().apply(command))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("in a condition of DELETE, UPDATE or MERGE")
                    .hasMessageContaining("Write the rows that it chooses to a table first");
        }

        private LogicalPlan merge(Expression on, Expression matched) {
            List<MergeAction> actions = List.of(new DeleteAction(Option.apply(matched)));
            return new MergeIntoTable(
                    table, source, on, Seqs.of(actions), Seqs.of(List.of()), Seqs.of(List.of()), false);
        }

        @Test
        void areRefusedInConditions() {
            assertConditionRefused(new DeleteFromTable(table, asking));
            assertConditionRefused(new UpdateTable(table, Seqs.of(List.of()), Option.apply(asking)));
            assertConditionRefused(merge(asking, plain));
            assertConditionRefused(merge(plain, asking));
        }

        @Test
        void areLeftToTheTableAsNewValues() {
            Assignment assignment = new Assignment(prompt, call);
            assertThatCode(() -> {
                        new CheckCalls()
                                .apply(new UpdateTable(table, Seqs.of(List.of(assignment)), Option.apply(plain)));
                        new CheckCalls().apply(new UpdateTable(table, Seqs.of(List.of(assignment)), Option.empty()));
                        new CheckCalls().apply(new DeleteFromTable(table, plain));
                        new CheckCalls().apply(merge(plain, Literal$.MODULE$.apply(true)));
                    })
                    .doesNotThrowAnyException();
        }
    }
}
