package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.functions.OptionValues.WrittenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class OptionTableTest {
    @Test
    void namesTheOptionsThatTheSqlSurfacePromises() {
        assertThat(OptionTable.GENERATION.names())
                .containsExactly(
                        "max_tokens",
                        "temperature",
                        "top_p",
                        "top_k",
                        "min_p",
                        "repetition_penalty",
                        "presence_penalty",
                        "frequency_penalty",
                        "logit_bias",
                        "seed",
                        "stop",
                        "system_prompt",
                        "thinking",
                        "logprobs",
                        "raw",
                        "prompt_too_long",
                        "timeout");
        assertThat(OptionTable.CLASSIFICATION.names()).contains("template", "calibrate");
        assertThat(OptionTable.EMBEDDING.names()).contains("pooling", "normalize");
    }

    @ParameterizedTest
    @EnumSource(OptionTable.class)
    void givesEqualNamesOneMeaningEverywhere(OptionTable table) {
        for (OptionSpec option : table.specs()) {
            Optional<OptionSpec> ofGenerate = OptionTable.GENERATION.find(option.name());
            boolean isShared = ofGenerate.isPresent() && !option.name().equals("prompt_too_long");
            if (isShared) {
                assertThat(ofGenerate).contains(option);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"max_tokens", "max-tokens", "MAX_TOKENS", "' Max-Tokens '"})
    void findsAnOptionByAnySpelling(String written) {
        assertThat(OptionTable.GENERATION.canonicalName(written)).contains("max_tokens");
    }

    @ParameterizedTest
    @CsvSource({"maxtokens", "max tokens", "max__tokens", "''"})
    void findsNothingByAnotherName(String written) {
        assertThat(OptionTable.GENERATION.canonicalName(written)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            poling      | did you mean 'pooling'?
            normalise   | did you mean 'normalize'?
            timout      | did you mean 'timeout'?
            Prompt-Too-Lon | did you mean 'prompt_too_long'?
            """)
    void suggestsTheNearestName(String written, String hint) {
        assertThat(OptionException.unknown(written, OptionTable.EMBEDDING))
                .hasMessage("unknown option '" + written + "'; " + hint
                        + " Known options: pooling, normalize, prompt_too_long, timeout.");
    }

    @Test
    void suggestsNothingWhereNothingIsNear() {
        assertThat(OptionException.unknown("x-large", OptionTable.EMBEDDING))
                .hasMessageStartingWith("unknown option 'x-large'. Known options:");
    }

    @Test
    void readsOptionsInAnyOrderAndLeavesNullsOut() {
        List<WrittenOption> written = new ArrayList<>();
        written.add(new WrittenOption("Normalize", Optional.of("false")));
        written.add(new WrittenOption("timeout", Optional.empty()));
        written.add(new WrittenOption("pooling", Optional.of("last")));

        OptionValues values = OptionValues.checked(OptionTable.EMBEDDING, written);

        assertThat(values.embedding().lastToken()).isTrue();
        assertThat(values.embedding().normalizes()).isFalse();
        assertThat(values.embedding().timeoutMillis()).isEmpty();
    }

    @Test
    void refusesOptionsThatAreThereTwice() {
        WrittenOption one = new WrittenOption("pooling", Optional.of("last"));
        WrittenOption two = new WrittenOption("POOLING", Optional.of("mean"));

        assertThatThrownBy(() -> OptionValues.checked(OptionTable.EMBEDDING, List.of(one, two)))
                .isInstanceOf(OptionException.class)
                .hasMessage("option 'pooling' is given twice; give it once.");
    }
}
