package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
    @Test
    void readsObjectsAsPlainJava() {
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("text", "a\nb");
        expected.put("whole", 5);
        expected.put("large", 9_223_372_036_854_775_807L);
        expected.put("real", new BigDecimal("0.1"));
        expected.put("flag", true);
        expected.put("nothing", null);
        expected.put("list", Arrays.asList("a", null, 1));
        expected.put("inner", Map.of("7", -1));

        assertThat((Object) JsonText.object("""
                        {"text": "a\\nb", "whole": 5, "large": 9223372036854775807, "real": 0.1, "flag": true,
                         "nothing": null, "list": ["a", null, 1], "inner": {"7": -1}}""")).isEqualTo(expected);
        assertThat((Object) JsonText.object(" {} ")).isEqualTo(Map.of());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            ~~                | not a JSON object
            5                 | not a JSON object
            null              | not a JSON object
            [1]               | not a JSON object
            "{}"              | not a JSON object
            {"a": 1, "a": 2}  | Duplicate
            {"a": 1} x        | Unrecognized token 'x'
            {"a": 1           | Unexpected end-of-input
            {a: 1}            | Unexpected character
            max_tokens=5      | Unrecognized token 'max_tokens'
            """)
    void saysWhyATextIsNoObject(String text, String reason) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JsonText.object(text))
                .withMessageContaining(reason);
    }

    @Test
    void findsArraysAndObjectsInTexts() {
        assertThat(JsonText.container(" [\"a\", 1] ")).contains(List.of("a", 1));
        assertThat(JsonText.container("{\"7\": 1}")).contains(Map.of("7", 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "5", "\"[]\"", "[INST]", "[", "{text}", "[1] [2]", "null"})
    void takesOtherTextsForTexts(String text) {
        assertThat(JsonText.container(text)).isEmpty();
    }
}
