package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.pangu.spark.conf.GeneratedPage;
import io.pangu.spark.plan.FakeSession;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FunctionReferenceTest {
    private static final Pattern SQL_BLOCK = Pattern.compile("```sql\\n(.*?)```", Pattern.DOTALL);

    @BeforeAll
    static void makesTheTablesThatTheReferenceSpeaksOf() {
        for (String view : List.of(
                "articles AS SELECT 'Bread' AS title, 'How to bake it.' AS body",
                "questions AS SELECT 'Why?' AS question",
                "reviews AS SELECT 'So good!' AS review")) {
            FakeSession.spark().sql("CREATE OR REPLACE TEMPORARY VIEW " + view);
        }
    }

    @Test
    void isThePageInDocs() {
        GeneratedPage.holds("functions.md", FunctionReference.markdown());
    }

    @ParameterizedTest
    @MethodSource("queries")
    void hasOnlyQueriesThatRun(String query) {
        assertThat(FakeSession.run(query).rows()).hasSize(1);
    }

    static List<String> queries() {
        Matcher blocks = SQL_BLOCK.matcher(FunctionReference.markdown());
        List<String> queries = new ArrayList<>();
        while (blocks.find()) {
            Stream.of(blocks.group(1).split(";\\n")).forEach(queries::add);
        }
        return queries;
    }

    @Test
    void hasAnExampleOfEveryFunction() {
        assertThat(queries()).hasSizeGreaterThan(PanguFunction.values().length);
        for (PanguFunction function : PanguFunction.values()) {
            assertThat(function.examples()).isNotEmpty().allMatch(query -> query.contains(function.sqlName() + "("));
        }
    }

    @ParameterizedTest
    @EnumSource(OptionTable.class)
    void saysOfEveryOptionWhatItMayBe(OptionTable table) {
        for (OptionSpec option : table.specs()) {
            assertThat(FunctionReference.markdown())
                    .contains("| `" + option.name() + "` | " + option.type().description() + " | "
                            + option.defaultText() + " | " + option.doc() + " |");
            assertThat(option.doc()).endsWith(".").doesNotContain("|");
            assertThat(option.name()).matches("[a-z]+(_[a-z]+)*");
        }
    }

    @ParameterizedTest
    @EnumSource(OptionTable.class)
    void namesDefaultsThatTheOptionsAccept(OptionTable table) {
        for (OptionSpec option : table.specs()) {
            boolean isValue = !List.of("none", "empty").contains(option.defaultText())
                    && !option.defaultText().contains(" ")
                    && !option.defaultText().contains("'");
            if (isValue) {
                assertThatCode(() -> option.type().read(option.defaultText()))
                        .as(option.name())
                        .doesNotThrowAnyException();
            }
        }
    }
}
