package io.pangu.runtime.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What a report means, and its two forms. */
class ReportTest {
    private final Report report = new Report("cann", Instant.parse("2026-11-28T16:00:00Z"));
    private final Section section = report.section("Things");

    @Test
    void warningsDoNotKeepTheEngineFromRunning() {
        section.add(Finding.ok("one", "is there")).add(Finding.warn("two", "is slow", "buy another"));
        assertThat(report.canRun()).isTrue();
        assertThat(section.hasFailed()).isFalse();
        assertThat(report.verdict()).isEqualTo("can run on NPUs; a finding above is worth a look");
        section.add(Finding.warn("three", "is slow, too", ""));
        assertThat(report.verdict()).isEqualTo("can run on NPUs; 2 findings above are worth a look");
    }

    @Test
    void theFirstFailureIsTheObstacle() {
        section.add(Finding.ok("one", "is there")).add(Finding.fail("two", "is gone", "bring it back"));
        report.section("More").add(Finding.fail("three", "too", ""));
        assertThat(report.canRun()).isFalse();
        assertThat(section.hasFailed()).isTrue();
        assertThat(report.verdict())
                .isEqualTo("cannot run on NPUs, because of two: is gone. To mend it: bring it back");
    }

    @Test
    void linesForPeopleAreAlignedAndWrapped() {
        section.add(Finding.warn(
                "library path",
                "a long text that goes on and on until it does not fit into one line any more, by far",
                "run set_env.sh"));
        assertThat(new ReportText(false, false).section(section)).isEqualTo("""

                Things
                  WARN  library path         a long text that goes on and on until it does not fit into one line any
                                             more, by far
                                             -> run set_env.sh
                """);
    }

    @Test
    void detailsAreShownWhereTheyAreWanted() {
        section.add(Finding.ok("detail", "is right").asDetail());
        assertThat(new ReportText(false, false).section(section)).isEmpty();
        assertThat(new ReportText(false, true).section(section)).contains("detail");
    }

    @Test
    void subjectsThatAreLongerThanTheirColumnHaveALineOfTheirOwn() {
        section.add(Finding.ok("aclnnFusedInferAttentionScoreV4", "right"));
        assertThat(new ReportText(false, false).section(section)).isEqualTo("""

                Things
                  OK    aclnnFusedInferAttentionScoreV4
                                             right
                """);
    }

    @Test
    void coloursMarkTheLevelOnTerminalsOnly() {
        section.add(Finding.fail("x", "y", ""));
        assertThat(new ReportText(true, false).section(section)).contains("\u001b[31mFAIL\u001b[0m");
        assertThat(new ReportText(true, false).verdict(report)).contains("\u001b[31m");
        assertThat(new ReportText(false, false).section(section)).doesNotContain("\u001b");
    }

    @Test
    void wordsLongerThanALineAreBroken() {
        assertThat(ReportText.wrap("ab cdefghij k", 4)).containsExactly("ab", "cdef", "ghij", "k");
        assertThat(ReportText.wrap("", 4)).containsExactly("");
        assertThat(ReportText.wrap(" a\n b ", 10)).containsExactly("a b");
    }

    @Test
    void theFormForProgramsIsJsonWhateverTheTextsHold() throws Exception {
        String hostile = "quote \" backslash \\ newline \n tab \t return \r bell \u0007 é 日本 \ud83d\ude00 lone \ud83d";
        section.add(Finding.ok("text", hostile)
                .with("figure", 2.5)
                .with("nothing", Double.NaN)
                .with("flag", true));
        section.add(Finding.fail("x", "y", "z").with("count", 3L));
        JsonNode root = new ObjectMapper().readTree(ReportJson.of(report));
        assertThat(root.get("schemaVersion").asInt()).isEqualTo(1);
        assertThat(root.get("start").asText()).isEqualTo("2026-11-28T16:00:00Z");
        assertThat(root.get("canRun").asBoolean()).isFalse();
        assertThat(root.get("counts").get("ok").asInt()).isEqualTo(1);
        assertThat(root.get("counts").get("warn").asInt()).isZero();
        assertThat(root.get("counts").get("fail").asInt()).isEqualTo(1);
        JsonNode finding = root.get("sections").get(0).get("findings").get(0);
        assertThat(finding.get("found").asText()).isEqualTo(hostile);
        assertThat(finding.get("facts").get("figure").asDouble()).isEqualTo(2.5);
        assertThat(finding.get("facts").get("nothing").isNull()).isTrue();
        assertThat(finding.get("facts").get("flag").asBoolean()).isTrue();
        JsonNode failed = root.get("sections").get(0).get("findings").get(1);
        assertThat(failed.get("level").asText()).isEqualTo("FAIL");
        assertThat(failed.get("remedy").asText()).isEqualTo("z");
        assertThat(failed.get("facts").get("count").asLong()).isEqualTo(3);
    }

    @Test
    void aReportWithoutFindingsIsJsonToo() throws Exception {
        JsonNode root = new ObjectMapper().readTree(ReportJson.of(report));
        assertThat(root.get("sections").get(0).get("findings")).isEmpty();
        assertThat(root.get("canRun").asBoolean()).isTrue();
    }

    @Test
    void sizesAreInWords() {
        assertThat(Sizes.words(61L << 30)).isEqualTo("61.0 GiB");
        assertThat(Sizes.words(24L << 20)).isEqualTo("24 MiB");
        assertThat(Sizes.words(0)).isEqualTo("0 MiB");
    }
}
