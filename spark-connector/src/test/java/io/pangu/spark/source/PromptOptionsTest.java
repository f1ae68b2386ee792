package io.pangu.spark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.functions.PanguFunction;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.AnalysisException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PromptOptionsTest {
    @Test
    void hasDefaultsForEverythingButThePrompts() {
        assertThat(PromptOptions.read(Map.of("prompts", "/data/p")))
                .isEqualTo(new PromptOptions(
                        List.of("/data/p"),
                        "prompt",
                        "completion",
                        PanguFunction.GENERATE,
                        List.of(),
                        Map.of(),
                        Map.of()));
    }

    @Test
    void takesHyphensUnderscoresAndAnyCase() {
        PromptOptions options = PromptOptions.read(Map.of(
                "Prompts", "/data/p", "prompt-column", "q", "OUTPUT_COLUMN", "a", "max-tokens", "5", "top_k", "3"));

        assertThat(options.promptColumn()).isEqualTo("q");
        assertThat(options.outputColumn()).isEqualTo("a");
        assertThat(options.call()).containsOnly(Map.entry("max_tokens", "5"), Map.entry("top_k", "3"));
    }

    @ParameterizedTest
    @CsvSource({
        "generate, GENERATE, completion",
        "GENERATE_DETAILS, GENERATE_DETAILS, completion",
        "ai_gen, GENERATE, completion",
        "embed, EMBED, embedding"
    })
    void namesTheOutputAfterTheTask(String task, PanguFunction function, String outputColumn) {
        PromptOptions options = PromptOptions.read(Map.of("prompts", "t", "task", task));

        assertThat(options.function()).isEqualTo(function);
        assertThat(options.outputColumn()).isEqualTo(outputColumn);
    }

    @Test
    void readsLabelsFromAListOrFromJson() {
        assertThat(classify("good, bad ,").labels()).containsExactly("good", "bad");
        assertThat(classify("[\"yes, really\", \"no\"]").labels()).containsExactly("yes, really", "no");
        assertThat(classify("good, bad").outputColumn()).isEqualTo("label");
    }

    @Test
    void takesPathsAsSparkHandsThemOver() {
        assertThat(PromptOptions.read(Map.of("path", "/data/a,b")).prompts()).containsExactly("/data/a,b");
        assertThat(PromptOptions.read(Map.of("paths", "[\"/a\",\"/b\"]")).prompts())
                .containsExactly("/a", "/b");
    }

    @Test
    void leavesToParquetWhatIsParquets() {
        assertThat(PromptOptions.read(Map.of("prompts", "t", "mergeSchema", "true"))
                        .parquet())
                .containsOnly(Map.entry("mergeschema", "true"));
    }

    @Test
    void namesTheNearestOfTheKnownOptions() {
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "promt-column", "q")))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining("format(\"pangu\")")
                .hasMessageContaining("unknown option 'promt_column'; did you mean 'prompt_column'?")
                .hasMessageContaining("max_tokens");
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "max-token", "5")))
                .hasMessageContaining("did you mean 'max_tokens'?");
    }

    @Test
    void refusesAnOptionOfAnotherTask() {
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "task", "embed", "max_tokens", "5")))
                .hasMessageContaining("unknown option 'max_tokens'");
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "labels", "a,b")))
                .hasMessageContaining("unknown option 'labels'");
    }

    @Test
    void refusesAnUnknownTask() {
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "task", "sing")))
                .hasMessageContaining("task 'sing' is unknown")
                .hasMessageContaining("generate, generate_details, classify");
    }

    @Test
    void asksForPromptsAndLabels() {
        assertThatThrownBy(() -> PromptOptions.read(Map.of()))
                .hasMessageContaining("no prompts are given")
                .hasMessageContaining("option 'prompts'");
        assertThatThrownBy(() -> classify("only one")).hasMessageContaining("at least two labels");
        assertThatThrownBy(() -> classify("[1")).hasMessageContaining("not a JSON array");
    }

    @Test
    void refusesWhatIsGivenTwice() {
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "max-tokens", "5", "max_tokens", "6")))
                .hasMessageContaining("given twice");
        assertThatThrownBy(() -> PromptOptions.read(Map.of("prompts", "t", "path", "/p")))
                .hasMessageContaining("given twice");
    }

    private static PromptOptions classify(String labels) {
        return PromptOptions.read(Map.of("prompts", "t", "task", "classify", "labels", labels));
    }
}
