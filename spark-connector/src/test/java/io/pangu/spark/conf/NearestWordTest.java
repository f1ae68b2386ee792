package io.pangu.spark.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestWordTest {
    private static final List<String> KNOWN = List.of("model", "window", "weights", "max-sequences");

    @ParameterizedTest
    @CsvSource({
        "model, model",
        "modle, model",
        "wieght, weights",
        "max-sequence, max-sequences",
        "maxsequences, max-sequences",
        "windows, window"
    })
    void isTheOneOfFewestChanges(String written, String meant) {
        assertThat(NearestWord.to(written, KNOWN)).contains(meant);
    }

    @ParameterizedTest
    @CsvSource({"qqqqq", "temperature", "''"})
    void isNoneWhenAllAreFar(String written) {
        assertThat(NearestWord.to(written, KNOWN)).isEmpty();
    }

    @Test
    void isTheFirstOfEquallyNearOnes() {
        assertThat(NearestWord.to("cat", List.of("bat", "rat"))).contains("bat");
    }

    @Test
    void isNoneAmongNone() {
        assertThat(NearestWord.to("model", List.of())).isEmpty();
    }
}
