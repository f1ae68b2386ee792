package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.tokenizer.TokenizerVectors.Vector;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SentencePieceBpeTest {
    private static final SentencePieceBpe IDENTITY = TokenizerVectors.sentencePiece("moge-tiny/tokenizer.model");
    private static final SentencePieceBpe NFKC = TokenizerVectors.sentencePiece("tokenizer-sentencepiece-nfkc.model");

    static Stream<Vector> identityVectors() {
        return TokenizerVectors.vectors("tokenizer-sentencepiece.json", "plain").stream();
    }

    static Stream<Vector> nfkcVectors() {
        return TokenizerVectors.vectors("tokenizer-sentencepiece-nfkc.json", "plain").stream();
    }

    @ParameterizedTest
    @MethodSource("identityVectors")
    void encodesAndDecodesAsTheLibrary(Vector vector) {
        assertThat(IDENTITY.encode(vector.text())).isEqualTo(vector.ids());
        assertThat(IDENTITY.decode(vector.ids())).isEqualTo(vector.decoded());
    }

    @ParameterizedTest
    @MethodSource("nfkcVectors")
    void normalisesAsTheLibrary(Vector vector) {
        assertThat(NFKC.encode(vector.text())).isEqualTo(vector.ids());
        assertThat(NFKC.decode(vector.ids())).isEqualTo(vector.decoded());
    }

    @Test
    void knowsItsPieces() {
        TokenizerVectors.json("tokenizer-sentencepiece.json")
                .get("pieces")
                .properties()
                .forEach(entry -> assertThat(IDENTITY.idOf(entry.getValue().asText()))
                        .hasValue(Integer.parseInt(entry.getKey())));
        assertThat(IDENTITY.vocabSize()).isEqualTo(384);
        assertThat(NFKC.vocabSize()).isEqualTo(400);
        assertThat(IDENTITY.idOf("no such piece")).isEmpty();
    }

    @Test
    void controlPiecesAreSpecialAndPlainTextNeverGivesThem() {
        int[] ids = IDENTITY.encode("<s>[unused9]</s>[unused10]");
        assertThat(IntStream.of(ids)).noneMatch(IDENTITY::isSpecial);
        assertThat(IDENTITY.decode(ids)).isEqualTo("<s>[unused9]</s>[unused10]");
        assertThat(IDENTITY.encodeWithSpecialTokens("<s>[unused9]系统[unused10]")).containsExactly(1, 12, 21, 13);
    }

    @Test
    void tokensHaveTheirBytes() {
        assertThat(IDENTITY.tokenBytes(258)).containsExactly(0xE7);
        assertThat(IDENTITY.tokenBytes(300)).isEqualTo("it".getBytes(StandardCharsets.UTF_8));
        assertThat(IDENTITY.tokenBytes(319)).isEqualTo(" ".getBytes(StandardCharsets.UTF_8));
        assertThat(IDENTITY.tokenBytes(12)).isEqualTo("[unused9]".getBytes(StandardCharsets.UTF_8));
        assertThat(IDENTITY.tokenBytes(100_000)).isEmpty();
    }
}
