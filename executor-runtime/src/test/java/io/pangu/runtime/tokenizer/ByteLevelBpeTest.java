package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.tokenizer.TokenizerVectors.Vector;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ByteLevelBpeTest {
    private static final ByteLevelBpe TOKENIZER = TokenizerVectors.byteLevel("moge-wide/tokenizer.json");

    static Stream<Vector> plainVectors() {
        return TokenizerVectors.vectors("tokenizer-bytelevel.json", "plain").stream();
    }

    static Stream<Vector> specialVectors() {
        return TokenizerVectors.vectors("tokenizer-bytelevel.json", "with_special").stream();
    }

    @ParameterizedTest
    @MethodSource("plainVectors")
    void encodesAndDecodesAsTheLibrary(Vector vector) {
        assertThat(TOKENIZER.encode(vector.text())).isEqualTo(vector.ids());
        assertThat(TOKENIZER.decode(vector.ids())).isEqualTo(vector.decoded());
    }

    @ParameterizedTest
    @MethodSource("specialVectors")
    void splitsSpecialTokensFirst(Vector vector) {
        assertThat(TOKENIZER.encodeWithSpecialTokens(vector.text())).isEqualTo(vector.ids());
        assertThat(TOKENIZER.decode(vector.ids())).isEqualTo(vector.decoded());
    }

    @ParameterizedTest
    @MethodSource("specialVectors")
    void plainTextNeverGivesSpecialTokens(Vector vector) {
        int[] ids = TOKENIZER.encode(vector.text());
        assertThat(IntStream.of(ids)).noneMatch(TOKENIZER::isSpecial);
        assertThat(TOKENIZER.decode(ids)).isEqualTo(vector.text());
    }

    @Test
    void knowsItsTokens() {
        assertThat(TOKENIZER.vocabSize()).isEqualTo(515);
        assertThat(TOKENIZER.idOf("<|im_end|>")).hasValue(4);
        assertThat(TOKENIZER.isSpecial(4)).isTrue();
        assertThat(TOKENIZER.isSpecial(5)).isFalse();
        assertThat(TOKENIZER.tokenBytes(225)).containsExactly(' ');
        assertThat(TOKENIZER.tokenBytes(515)).isEmpty();
        assertThat(TOKENIZER.idOf("no such token")).isEmpty();
    }
}
