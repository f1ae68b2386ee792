package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Byte-level BPE against Hugging Face's own library, on the golden vocabulary with the parts that checkpoints combine. */
class HuggingFaceOracleTest {
    private static final long SEED = 20260214;

    private static final String GPT4 =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String QWEN =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String TEKKEN =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String DEEPSEEK_PUNCTUATION =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    @TempDir
    private Path directory;

    /** Keeps the native library in the build directory and asks for no other one. */
    @BeforeAll
    static void stayOffline() {
        System.setProperty(
                "DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
        System.setProperty("OPT_OUT_TRACKING", "true");
    }

    record Variant(String name, Consumer<ObjectNode> change) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Variant> variants() {
        Map<String, Consumer<ObjectNode>> variants = new LinkedHashMap<>();
        variants.put("smollm", root -> {});
        variants.put("gpt2", root -> steps(root, byteLevel(root, false, true)));
        variants.put("prefix space", root -> steps(root, byteLevel(root, true, true)));
        variants.put("digit runs", root -> steps(root, digits(root, false), byteLevel(root, false, true)));
        variants.put("gpt4", root -> steps(root, split(root, GPT4, "Isolated", false), byteLevel(root, false, false)));
        variants.put("qwen with NFC", root -> {
            steps(root, split(root, QWEN, "Isolated", false), byteLevel(root, false, false));
            root.set("normalizer", root.objectNode().put("type", "NFC"));
        });
        variants.put("tekken", root -> {
            steps(root, split(root, TEKKEN, "Isolated", false), byteLevel(root, false, false));
            ((ObjectNode) root.get("model")).put("ignore_merges", true);
        });
        variants.put(
                "deepseek",
                root -> steps(
                        root,
                        split(root, "\\p{N}{1,3}", "Isolated", false),
                        split(root, "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", "Isolated", false),
                        split(root, DEEPSEEK_PUNCTUATION, "Isolated", false),
                        byteLevel(root, false, false)));
        for (String behavior : List.of("Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous")) {
            variants.put(
                    behavior,
                    root -> steps(root, split(root, "[\\s,.]", behavior, false), byteLevel(root, false, true)));
            variants.put(
                    behavior + " inverted",
                    root -> steps(root, split(root, "\\p{L}+", behavior, true), byteLevel(root, false, true)));
        }
        for (String form : List.of("NFD", "NFKC", "NFKD")) {
            variants.put(form, root -> root.set("normalizer", root.objectNode().put("type", form)));
        }
        // The library numbers added tokens on from the vocabulary, whatever the file says.
        variants.put("added tokens", root -> {
            added(root, 515, "quick", false, "normalized");
            added(root, 516, "FOX", false, "single_word");
            added(root, 517, "<tool>", true, "lstrip");
            added(root, 518, "[unused9]", true, "rstrip");
            added(root, 519, "__x__", true, "lstrip", "rstrip");
            added(root, 520, "aaaa", false);
            added(root, 521, "aaaaaa", true);
            added(root, 522, "abab", false, "single_word", "lstrip", "normalized");
            added(root, 523, "\u4f60\u597d", true, "single_word", "rstrip");
            added(root, 524, "\u041f\u0440\u0438", false, "normalized");
        });
        return variants.entrySet().stream().map(entry -> new Variant(entry.getKey(), entry.getValue()));
    }

    private static void steps(ObjectNode root, ObjectNode... steps) {
        ArrayNode list = root.arrayNode().addAll(Arrays.asList(steps));
        root.set("pre_tokenizer", root.objectNode().put("type", "Sequence").set("pretokenizers", list));
    }

    private static ObjectNode byteLevel(ObjectNode root, boolean addsSpace, boolean usesPattern) {
        return root.objectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", addsSpace)
                .put("trim_offsets", true)
                .put("use_regex", usesPattern);
    }

    private static ObjectNode digits(ObjectNode root, boolean individual) {
        return root.objectNode().put("type", "Digits").put("individual_digits", individual);
    }

    private static ObjectNode split(ObjectNode root, String pattern, String behavior, boolean invert) {
        ObjectNode split =
                root.objectNode().put("type", "Split").put("behavior", behavior).put("invert", invert);
        return split.set("pattern", root.objectNode().put("Regex", pattern));
    }

    private static void added(ObjectNode root, int id, String content, boolean special, String... traits) {
        ObjectNode token =
                root.objectNode().put("id", id).put("content", content).put("special", special);
        for (String trait : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            token.put(trait, List.of(traits).contains(trait));
        }
        ((ArrayNode) root.get("added_tokens")).add(token);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void encodesAndDecodesAsTheLibrary(Variant variant) throws IOException {
        ObjectNode root = (ObjectNode) TokenizerVectors.json("moge-wide/tokenizer.json");
        variant.change.accept(root);
        Path file = directory.resolve("tokenizer.json");
        Files.writeString(file, root.toString());
        TokenizerJson json = TokenizerJsonReader.read(file);
        ByteLevelBpe ours = new ByteLevelBpe(json, json.addedTokens());
        try (HuggingFaceTokenizer library =
                HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
            for (String text : new HostileText(SEED).texts(400, 14)) {
                long[] expected = library.encode(text, false, false).getIds();
                long[] ids = Arrays.stream(ours.encodeWithSpecialTokens(text))
                        .asLongStream()
                        .toArray();
                assertThat(ids).as("%s with seed %s", text, SEED).isEqualTo(expected);
                assertThat(ours.decode(ours.encodeWithSpecialTokens(text)))
                        .as("%s with seed %s", text, SEED)
                        .isEqualTo(library.decode(expected, false));
            }
        }
    }
}
