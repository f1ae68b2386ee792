package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.spark.plan.FakeSession;
import org.apache.spark.QueryContext;
import org.apache.spark.SparkThrowableHelper;
import org.apache.spark.sql.AnalysisException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors of queries as Spark's front ends take them apart. */
class AnalysisErrorsTest {
    private static AnalysisException error(String sql) {
        return catchThrowableOfType(
                AnalysisException.class, () -> FakeSession.spark().sql(sql));
    }

    /** What PySpark asks for when it makes the error one of Python's. */
    private static String textOfCondition(AnalysisException error) {
        return SparkThrowableHelper.getMessage(error.getCondition(), error.getMessageParameters());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT generate('a', max_tokens => 0)",
                "SELECT id, generate(prompt, max_token => 5) FROM t",
                "SELECT classify('a', array('x', 'x'))",
                "SELECT transform(array('a'), x -> generate(x))"
            })
    void haveAConditionWhoseTextIsOurs(String sql) {
        AnalysisException error = error(sql);

        String ours = error.getMessageParameters().get("errorMessage");
        assertThat(ours).isNotBlank().contains("(");
        assertThat(error.getMessage()).startsWith(ours);
        assertThat(textOfCondition(error)).contains(ours);
    }

    @Test
    void showThePartOfTheQueryThatIsWrong() {
        AnalysisException error = error("SELECT id,\n  generate(prompt, max_token => 5) FROM t");

        assertThat(error.getMessage()).contains("unknown option 'max_token'").endsWith("; line 2 pos 2");
        assertThat(error.getQueryContext())
                .singleElement()
                .extracting(QueryContext::fragment)
                .isEqualTo("generate(prompt, max_token => 5)");
    }

    @Test
    void ofADataSourceHaveAConditionToo() {
        AnalysisException error = catchThrowableOfType(
                AnalysisException.class,
                () -> FakeSession.spark().read().format("pangu").load());

        assertThat(textOfCondition(error)).contains("format(\"pangu\"): ");
    }
}
