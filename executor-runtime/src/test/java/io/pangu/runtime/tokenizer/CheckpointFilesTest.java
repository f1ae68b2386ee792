package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a checkpoint directory may hold, lack or have wrong. */
class CheckpointFilesTest {
    @TempDir
    private Path directory;

    private void copy(String golden) throws IOException {
        Path source = TokenizerVectors.golden(golden);
        Files.copy(source, directory.resolve(source.getFileName()));
    }

    private void write(String file, Object tree) throws IOException {
        Files.writeString(directory.resolve(file), TokenizerVectors.jsonText(tree));
    }

    private EngineException refusal(ErrorCode code) {
        EngineException e = catchThrowableOfType(EngineException.class, () -> PromptEncoders.load(directory));
        assertThat(e.code()).isEqualTo(code);
        return e;
    }

    @Nested
    class Vocabularies {
        @Test
        void aDirectoryWithoutOneIsRefused() {
            assertThat(refusal(ErrorCode.INVALID_CHECKPOINT))
                    .hasMessage(
                            directory + " has neither tokenizer.model nor tokenizer.json; copy the tokenizer's files"
                                    + " beside config.json");
        }

        @Test
        void sentencePieceGoesFirst() throws IOException {
            copy("moge-tiny/tokenizer.model");
            copy("moge-wide/tokenizer.json");
            assertThat(PromptEncoders.load(directory).tokenizer().vocabSize()).isEqualTo(384);
        }

        @Test
        void aDamagedModelGivesWayToTheOtherFile() throws IOException {
            Files.write(directory.resolve("tokenizer.model"), new byte[] {1, 2, 3});
            copy("moge-wide/tokenizer.json");
            assertThat(PromptEncoders.load(directory).tokenizer().vocabSize()).isEqualTo(515);
        }

        @Test
        void twoDamagedFilesAreBothNamed() throws IOException {
            Files.write(directory.resolve("tokenizer.model"), new byte[] {1, 2, 3});
            Files.writeString(directory.resolve("tokenizer.json"), "[]");
            EngineException e = refusal(ErrorCode.INVALID_CHECKPOINT);
            assertThat(e)
                    .hasMessageStartingWith("neither tokenizer file can be used: tokenizer.model: ")
                    .hasMessageContaining("; and tokenizer.json: no JSON object");
            assertThat(e)
                    .cause()
                    .satisfies(cause -> assertThat(cause.getSuppressed()).hasSize(1));
        }

        @Test
        void aDamagedModelAloneIsNamed() throws IOException {
            Files.write(directory.resolve("tokenizer.model"), new byte[] {1, 2, 3});
            assertThat(refusal(ErrorCode.INVALID_CHECKPOINT)).hasMessageStartingWith("tokenizer.model: ");
        }

        @Test
        void aDirectoryInPlaceOfAFileIsNamed() throws IOException {
            Files.createDirectory(directory.resolve("tokenizer.json"));
            assertThat(refusal(ErrorCode.INVALID_CHECKPOINT)).hasMessageContaining("cannot be read");
        }
    }

    @Nested
    class BosRules {
        @Test
        void sentencePieceTextsBeginWithIt() throws IOException {
            copy("tokenizer-sentencepiece-nfkc.model");
            Files.move(directory.resolve("tokenizer-sentencepiece-nfkc.model"), directory.resolve("tokenizer.model"));
            PromptEncoder encoder = PromptEncoders.load(directory);
            int bos = encoder.tokenizer().idOf("<s>").getAsInt();
            assertThat(encoder.rawBosCount()).isEqualTo(1);
            assertThat(encoder.encodeRaw("x")[0]).isEqualTo(bos);
            assertThat(encoder.encodeRaw("<s>")[1]).isNotEqualTo(bos);
            assertThat(encoder.encodeRaw("")).containsExactly(bos);
        }

        @Test
        void theConfigurationMayForbidIt() throws IOException {
            copy("moge-wide/tokenizer.json");
            write("tokenizer_config.json", Map.of("add_bos_token", false, "bos_token", "<s>"));
            assertThat(PromptEncoders.load(directory).rawBosCount()).isZero();
        }

        @Test
        void theConfigurationMayDemandIt() throws IOException {
            copy("moge-wide/tokenizer.json");
            write("tokenizer_config.json", Map.of("add_bos_token", true, "bos_token", Map.of("content", "<s>")));
            assertThat(PromptEncoders.load(directory).encodeRaw("x")).startsWith(1);
        }

        @Test
        void panguTextsAlwaysBeginWithIt() throws IOException {
            copy("moge-tiny/tokenizer.model");
            copy("moge-tiny/special_tokens_map.json");
            write("tokenizer_config.json", Map.of("add_bos_token", false));
            assertThat(PromptEncoders.load(directory).rawBosCount()).isEqualTo(1);
        }

        @Test
        void oneThatIsNotInTheVocabularyIsNamed() throws IOException {
            copy("moge-wide/tokenizer.json");
            write("tokenizer_config.json", Map.of("add_bos_token", true, "bos_token", "<bos>"));
            assertThat(refusal(ErrorCode.INVALID_CHECKPOINT))
                    .hasMessage(
                            "tokenizer_config.json: texts begin with a BOS token, but '<bos>' is not in the vocabulary;"
                                    + " fetch the file again");
        }
    }

    @Nested
    class Declarations {
        @Test
        void whatAnyFileCallsSpecialIs() throws IOException {
            copy("moge-wide/tokenizer.json");
            write(
                    "special_tokens_map.json",
                    Map.of("additional_special_tokens", List.of("he", Map.of("content", "in"))));
            Tokenizer tokenizer = PromptEncoders.load(directory).tokenizer();
            for (String word : List.of("he", "in")) {
                int id = tokenizer.idOf(word).getAsInt();
                assertThat(tokenizer.isSpecial(id)).isTrue();
                assertThat(tokenizer.encode(word)).doesNotContain(id);
                assertThat(tokenizer.encodeWithSpecialTokens(word)).containsExactly(id);
                assertThat(tokenizer.decode(tokenizer.encode("the inner " + word)))
                        .isEqualTo("the inner " + word);
            }
        }

        @Test
        void addedTokensOfEveryFileAreKnown() throws IOException {
            copy("moge-wide/tokenizer.json");
            write("added_tokens.json", Map.of("<old>", 520));
            write(
                    "tokenizer_config.json",
                    Map.of("added_tokens_decoder", Map.of("521", Map.of("content", "<new>", "special", true))));
            Tokenizer tokenizer = PromptEncoders.load(directory).tokenizer();
            assertThat(tokenizer.idOf("<old>")).hasValue(520);
            assertThat(tokenizer.isSpecial(520)).isFalse();
            assertThat(tokenizer.isSpecial(521)).isTrue();
            assertThat(tokenizer.encodeWithSpecialTokens("<old><new>")).containsExactly(520, 521);
            assertThat(tokenizer.encode("<old>")).containsExactly(520);
            assertThat(tokenizer.vocabSize()).isEqualTo(522);
        }

        @Test
        void idsThatAreNoneAreRefused() throws IOException {
            copy("moge-wide/tokenizer.json");
            for (String id : List.of("x", "-1", "99999999", "")) {
                write("tokenizer_config.json", Map.of("added_tokens_decoder", Map.of(id, Map.of("content", "<new>"))));
                assertThat(refusal(ErrorCode.INVALID_CHECKPOINT))
                        .hasMessageStartingWith("tokenizer_config.json: an added token has the id '" + id + "'");
            }
        }

        @Test
        void panguControlWordsAreSpecialWithoutAnyDeclaration() throws IOException {
            copy("moge-tiny/tokenizer.model");
            PromptEncoder encoder = PromptEncoders.load(directory);
            assertThat(IntStream.of(encoder.tokenizer().encode("[unused9][unused16]x")))
                    .noneMatch(encoder.tokenizer()::isSpecial);
            assertThat(encoder.thinkingTokens()).isPresent();
            assertThat(encoder.endOfTurnIds()).contains(13);
        }

        @Test
        void thinkWordsAreSpecialWhenBothAreAdded() throws IOException {
            copy("moge-wide/tokenizer.json");
            write("added_tokens.json", Map.of("<think>", 520, "</think>", 521));
            PromptEncoder encoder = PromptEncoders.load(directory);
            assertThat(encoder.thinkingTokens()).contains(new PromptEncoder.ThinkingTokens(520, 521));
            assertThat(encoder.tokenizer().encode("<think>")).doesNotContain(520);
        }

        @Test
        void aBrokenConfigurationIsNamedWithItsOffset() throws IOException {
            copy("moge-wide/tokenizer.json");
            Files.writeString(directory.resolve("tokenizer_config.json"), "{\"bos_token\": ");
            assertThat(refusal(ErrorCode.INVALID_CHECKPOINT))
                    .hasMessageStartingWith("tokenizer_config.json: ")
                    .hasMessageContaining("at byte");
        }
    }

    @Test
    void aRoleThatPanguDoesNotKnowIsARowsError() {
        PromptEncoder pangu = PromptEncoders.load(TokenizerVectors.golden("moge-tiny"));
        EngineException e = catchThrowableOfType(
                EngineException.class, () -> pangu.encodeChat(List.of(new ChatMessage("critic", "x")), ""));
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PROMPT);
        assertThat(e)
                .hasMessage("a message has the role 'critic', which the Pangu chat template does not know; use one of"
                        + " [assistant, function, system, tool, user]");
    }
}
