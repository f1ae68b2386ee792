package io.pangu.runtime.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Templates written after those of the well-known model families, against what Hugging Face's renderer made of them. */
class ExpectationsTest {
    private static final Clock NOON = Clock.fixed(Instant.parse("2026-03-05T12:00:00Z"), ZoneOffset.UTC);
    private static final JsonNode EXPECTATIONS = json();

    private static byte[] resource(String name) {
        try (InputStream in = ExpectationsTest.class.getResourceAsStream("/jinja/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode json() {
        try {
            return new ObjectMapper().readTree(resource("expectations.json"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<JsonNode> cases() {
        return StreamSupport.stream(EXPECTATIONS.get("cases").spliterator(), false);
    }

    private static Text render(JsonNode test) {
        List<Object> messages = new ArrayList<>();
        EXPECTATIONS.get("chats").get(test.get("chat").asText()).forEach(message -> {
            Map<String, Object> entries = new HashMap<>();
            message.properties()
                    .forEach(entry -> entries.put(
                            entry.getKey(), Text.ofUser(entry.getValue().asText())));
            messages.add(Map.of("role", entries.get("role"), "content", entries.get("content")));
        });
        Map<String, Object> variables = new HashMap<>();
        EXPECTATIONS
                .get("tokens")
                .properties()
                .forEach(entry -> variables.put(entry.getKey(), entry.getValue().asText()));
        variables.put("messages", messages);
        variables.put("tools", None.NONE);
        variables.put("documents", None.NONE);
        variables.put("add_generation_prompt", test.get("add_generation_prompt").asBoolean());
        String source = new String(resource(test.get("template").asText()), StandardCharsets.UTF_8);
        return JinjaTemplate.parse(source, NOON).render(variables);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void rendersAsHuggingFaceDoes(JsonNode test) {
        if (test.has("raises")) {
            assertThatExceptionOfType(JinjaException.class)
                    .isThrownBy(() -> render(test))
                    .withMessage(test.get("raises").asText())
                    .matches(e -> e.kind() == JinjaException.Kind.RAISED && e.line() > 0);
        } else {
            assertThat(render(test).value()).isEqualTo(test.get("rendered").asText());
        }
    }

    static Stream<JsonNode> snippets() {
        return StreamSupport.stream(EXPECTATIONS.get("snippets").spliterator(), false);
    }

    private static Object value(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> Text.ofUser(node.asText());
            case BOOLEAN -> node.asBoolean();
            case NUMBER -> node.isIntegralNumber() ? (Object) node.asLong() : (Object) node.asDouble();
            case ARRAY -> node.valueStream().map(ExpectationsTest::value).toList();
            case OBJECT -> {
                Map<String, Object> entries = new LinkedHashMap<>();
                node.properties().forEach(entry -> entries.put(entry.getKey(), value(entry.getValue())));
                yield entries;
            }
            default -> None.NONE;
        };
    }

    private static Text renderSnippet(JsonNode snippet) {
        Map<String, Object> variables = new HashMap<>();
        EXPECTATIONS
                .get("variables")
                .properties()
                .forEach(entry -> variables.put(entry.getKey(), value(entry.getValue())));
        return JinjaTemplate.parse(snippet.get("source").asText(), NOON).render(variables);
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void doesWhatPythonDoes(JsonNode snippet) {
        if (snippet.has("refuses")) {
            assertThatExceptionOfType(JinjaException.class)
                    .isThrownBy(() -> renderSnippet(snippet))
                    .matches(e -> e.line() > 0);
        } else {
            assertThat(renderSnippet(snippet).value())
                    .isEqualTo(snippet.get("rendered").asText());
        }
    }

    @Test
    void coversRenderingAndRefusal() {
        assertThat(cases().filter(test -> test.has("rendered")).count()).isGreaterThan(200);
        assertThat(cases().filter(test -> test.has("raises")).count()).isGreaterThan(10);
    }
}
