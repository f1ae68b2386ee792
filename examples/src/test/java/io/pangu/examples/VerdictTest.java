package io.pangu.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @Test
    void isGoodWhenEveryQueryGaveRowsAndNoneIsWrong() {
        assertThat(Verdict.allGood(out, new Verdict("a", 3, List.of()), new Verdict("b", 1, List.of())))
                .isTrue();
        assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("a: 3 of 3 right");
    }

    @Test
    void namesEveryWrongRow() {
        assertThat(Verdict.allGood(out, new Verdict("a", 3, List.of("row 2 is wrong"))))
                .isFalse();
        assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("a: 2 of 3 right", "row 2 is wrong");
    }

    @Test
    void aQueryWithoutRowsIsNotGood() {
        assertThat(Verdict.allGood(out, new Verdict("a", 0, List.of()))).isFalse();
    }
}
