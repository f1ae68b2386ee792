package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The tokenizer of the real Pangu Pro MoE, which cannot be shipped. Name a directory with its {@code tokenizer.model} and
 * {@code tokenizer_config.json} by the system property {@code pangu.real-tokenizer} or the environment variable
 * {@code PANGU_REAL_TOKENIZER}:
 *
 * <pre>PANGU_REAL_TOKENIZER=/path/to/checkpoint mvn -pl executor-runtime test -Dtest=RealTokenizerTest</pre>
 *
 * <p>The ids were published with the model: examples of its repository and of the serving engines.
 */
class RealTokenizerTest {
    private Path directory = Path.of(".");

    @BeforeEach
    void findIt() {
        String named = System.getProperty("pangu.real-tokenizer", System.getenv("PANGU_REAL_TOKENIZER"));
        assumeTrue(
                named != null,
                "no real Pangu tokenizer: set PANGU_REAL_TOKENIZER to a directory with its tokenizer.model");
        directory = Path.of(named);
        assertThat(directory.resolve("tokenizer.model"))
                .as("PANGU_REAL_TOKENIZER names a directory without tokenizer.model")
                .matches(Files::exists);
    }

    private static List<ChatMessage> emptySystemAnd(String user) {
        return List.of(new ChatMessage("system", ""), new ChatMessage("user", user));
    }

    @Test
    void encodesThePublishedChat() {
        PromptEncoder encoder = PromptEncoders.load(directory);
        int[] expected = {
            1, 45887, 70914, 89246, 45892, 45887, 62205, 89246, 38805, 42624, 45509, 24759, 739, 41839, 21500, 6138,
            20257, 49, 45892, 45887, 74458, 89246
        };
        String question = "Give me a short introduction to large language model.";
        assertThat(encoder.encodeChat(emptySystemAnd(question), "")).isEqualTo(expected);
        assertThat(encoder.encodeChat(List.of(new ChatMessage("user", question)), ""))
                .isEqualTo(expected);
        assertThat(encoder.encodeChat(emptySystemAnd("你是谁？"), "")).hasSize(15);
    }

    @Test
    void knowsTheSpecialTokens() {
        PromptEncoder encoder = PromptEncoders.load(directory);
        Map<String, Integer> ids = Map.of(
                "<unk>",
                0,
                "<s>",
                1,
                "</s>",
                2,
                "[unused9]",
                45887,
                "[unused10]",
                45892,
                "[unused16]",
                45974,
                "[unused17]",
                45982,
                "[unused33]",
                144209);
        ids.forEach((token, id) ->
                assertThat(encoder.tokenizer().idOf(token)).as(token).hasValue(id));
        assertThat(encoder.tokenizer().vocabSize()).isEqualTo(153376);
        assertThat(encoder.thinkingTokens()).contains(new PromptEncoder.ThinkingTokens(45974, 45982));
        assertThat(encoder.endOfTurnIds()).contains(45892);
        assertThat(encoder.rawBosCount()).isEqualTo(1);
    }

    @Test
    void losesNothing() {
        Tokenizer tokenizer = PromptEncoders.load(directory).tokenizer();
        for (String text : new HostileText(1).texts(1_000, 20)) {
            String kept = text.replace(SentencePieceNormalizer.ESCAPED_SPACE, ' ');
            int[] ids = tokenizer.encode(text);
            assertThat(IntStream.of(ids)).noneMatch(tokenizer::isSpecial);
            assertThat(TokenizerVectors.streamed(tokenizer, ids)).isEqualTo(tokenizer.decode(ids));
            assertThat(java.text.Normalizer.normalize(tokenizer.decode(ids), java.text.Normalizer.Form.NFKC))
                    .isEqualTo(java.text.Normalizer.normalize(kept, java.text.Normalizer.Form.NFKC));
        }
    }
}
