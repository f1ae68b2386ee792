package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerJsonReaderTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MINIMAL = """
            {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "decoder": {"type": "ByteLevel"}}""";

    @TempDir
    private Path directory;

    private TokenizerJson read(byte[] bytes) {
        Path file = directory.resolve("tokenizer.json");
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return TokenizerJsonReader.read(file);
    }

    private TokenizerJson read(String text) {
        return read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static ObjectNode minimal() {
        try {
            return (ObjectNode) JSON.readTree(MINIMAL);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The minimal file with another value at a path of keys. */
    private static String with(String path, String value) {
        try {
            ObjectNode root = minimal();
            String[] keys = path.split("/");
            ObjectNode at = root;
            for (int i = 0; i + 1 < keys.length; i++) {
                at = (ObjectNode) at.get(keys[i]);
            }
            JsonNode tree = JSON.readTree(value);
            at.set(keys[keys.length - 1], tree);
            return root.toString();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private EngineException refusal(String text) {
        EngineException e = catchThrowableOfType(EngineException.class, () -> read(text));
        assertThat(e).hasMessageStartingWith("tokenizer.json: ");
        return e;
    }

    @Test
    void readsTheLeastThatThereCanBe() {
        TokenizerJson json = read(MINIMAL);
        ByteLevelBpe tokenizer = new ByteLevelBpe(json, json.addedTokens());
        assertThat(tokenizer.encode("abba")).containsExactly(2, 1, 0);
        assertThat(tokenizer.vocabSize()).isEqualTo(3);
    }

    @Test
    void readsMergesInTheOlderForm() {
        TokenizerJson json = read(with("model/merges", "[\"a b\"]"));
        assertThat(json.merges()).isEqualTo(read(MINIMAL).merges());
    }

    @Test
    void oneNormalizerInASequenceIsThatNormalizer() {
        String sequence = "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}]}";
        assertThat(read(with("normalizer", sequence)).normalForm()).contains(java.text.Normalizer.Form.NFC);
        assertThat(read(with("normalizer", "{\"type\": \"Sequence\", \"normalizers\": []}"))
                        .normalForm())
                .isEmpty();
    }

    @Test
    void takesTheBosOfATemplate() {
        String template =
                "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\", \"type_id\": 0}}]}";
        String sequence = "{\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\"}, " + template + "]}";
        assertThat(read(with("post_processor", template)).bosToken()).contains("<s>");
        assertThat(read(with("post_processor", sequence)).bosToken()).contains("<s>");
        assertThat(read(MINIMAL).bosToken()).isEmpty();
    }

    @Nested
    class Damage {
        private EngineException damage(String text) {
            EngineException e = refusal(text);
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
            assertThat(e).hasMessageEndingWith("; fetch the file again");
            return e;
        }

        @Test
        void brokenJsonIsNamedWithItsOffset() {
            EngineException e = damage("{\"model\": {,");
            assertThat(e).hasMessageContaining("at byte");
            assertThat(e.context()).containsKey("offset");
        }

        @Test
        void otherJsonIsRefused() {
            assertThat(damage("[1]")).hasMessageContaining("no JSON object");
            assertThat(damage("")).hasMessageContaining("no JSON object");
        }

        @Test
        void idsMustBeNumbersOfTheirOwn() {
            assertThat(damage(with("model/vocab/a", "\"x\""))).hasMessageContaining("the id of token 'a' is \"x\"");
            assertThat(damage(with("model/vocab/a", "-1"))).hasMessageContaining("the id of token 'a' is -1");
            assertThat(damage(with("model/vocab/a", "99999999"))).hasMessageContaining("is 99999999");
            assertThat(damage(with("model/vocab/c", "1"))).hasMessageContaining("is not its own");
            assertThat(damage(with("model/vocab", "{}"))).hasMessageContaining("model.vocab is missing or empty");
        }

        @Test
        void mergesMustNameTokens() {
            for (String merge : List.of("[\"a\", \"x\"]", "[\"b\", \"a\"]", "[\"a\"]", "\"ab\"", "\"\"", "7", "{}")) {
                assertThat(damage(with("model/merges", "[[\"a\", \"b\"], " + merge + "]")))
                        .hasMessageContaining("merge 1, ")
                        .hasMessageContaining("needs tokens that model.vocab does not have");
            }
        }

        @Test
        void addedTokensNeedTextAndId() {
            assertThat(damage(with("added_tokens", "[{\"id\": 7, \"content\": \"\"}]")))
                    .hasMessageContaining("the added token 7 is empty");
            assertThat(damage(with("added_tokens", "[{\"content\": \"<s>\"}]")))
                    .hasMessageContaining("the id of token '<s>' is");
        }

        @Test
        void anyChangedCharacterGivesATokenizerOrARefusal() throws IOException {
            byte[] whole = Files.readAllBytes(TokenizerVectors.golden("moge-wide/tokenizer.json"));
            long seed = 5;
            Random random = new Random(seed);
            for (int round = 0; round < 300; round++) {
                byte[] changed = whole.clone();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    changed[random.nextInt(changed.length)] = whole[random.nextInt(whole.length)];
                }
                assertThatCode(() -> {
                            try {
                                TokenizerJson json = read(changed);
                                ByteLevelBpe tokenizer = new ByteLevelBpe(json, json.addedTokens());
                                tokenizer.decode(tokenizer.encode("some text 123 with 'words'"));
                            } catch (EngineException e) {
                                assertThat(e.code()).isIn(ErrorCode.INVALID_CHECKPOINT, ErrorCode.UNSUPPORTED_MODEL);
                            }
                        })
                        .as("seed %s, round %s", seed, round)
                        .doesNotThrowAnyException();
            }
        }
    }

    /** What this engine does not have is refused by its name. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "model | {\"type\": \"Unigram\", \"vocab\": []} | tokenizer model 'Unigram'",
                "model | {\"type\": \"WordPiece\", \"vocab\": {}} | tokenizer model 'WordPiece'",
                "model | [] | tokenizer model 'none'",
                "model/unk_token | \"<unk>\" | BPE with unk_token '<unk>'",
                "model/continuing_subword_prefix | \"##\" | BPE with continuing_subword_prefix '##'",
                "model/end_of_word_suffix | \"</w>\" | BPE with end_of_word_suffix '</w>'",
                "model/dropout | 0.1 | BPE with dropout",
                "model/byte_fallback | true | BPE with byte_fallback",
                "normalizer | {\"type\": \"BertNormalizer\"} | normalizer 'BertNormalizer'",
                "normalizer | {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Strip\"}]} | normalizer 'Sequence'",
                "pre_tokenizer | {\"type\": \"Metaspace\"} | pre-tokenizer 'Metaspace'",
                "pre_tokenizer | null | pre-tokenizer 'none'",
                "pre_tokenizer | {\"type\": \"Digits\"} | pre-tokenizer that does not end with ByteLevel",
                "pre_tokenizer | {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\"}, {\"type\": \"Digits\"}]} | pre-tokenizer 'Digits' after ByteLevel",
                "pre_tokenizer | {\"type\": \"Split\", \"behavior\": \"Odd\", \"pattern\": {\"String\": \"a\"}} | Split with the behavior 'Odd'",
                "pre_tokenizer | {\"type\": \"Split\", \"behavior\": \"Isolated\", \"pattern\": {\"Regex\": \"a(?<n>b)\"}} | regular expression with a group (?<n in a(?<n>b)",
                "decoder | {\"type\": \"Metaspace\"} | decoder 'Metaspace'",
                "decoder | null | decoder 'none'",
                "post_processor | {\"type\": \"BertProcessing\"} | post-processor 'BertProcessing'",
            })
    void unknownComponentsAreRefusedByName(String path, String value, String component) {
        EngineException e = refusal(with(path, value));
        assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_MODEL);
        assertThat(e).hasMessageContaining("this engine has no " + component + ";");
        assertThat(e.context()).containsEntry("component", component);
    }

    @Test
    void aSplitNeedsAPattern() {
        EngineException e = refusal(with("pre_tokenizer", "{\"type\": \"Split\", \"behavior\": \"Isolated\"}"));
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        assertThat(e).hasMessageContaining("a Split has the pattern");
    }
}
