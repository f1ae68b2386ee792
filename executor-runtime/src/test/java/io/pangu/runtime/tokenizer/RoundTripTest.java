package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every tokenizer and every text. */
class RoundTripTest {
    private static final long SEED = 42;
    private static final BpeTokenizer IDENTITY = TokenizerVectors.sentencePiece("moge-tiny/tokenizer.model");
    private static final BpeTokenizer NFKC = TokenizerVectors.sentencePiece("tokenizer-sentencepiece-nfkc.model");
    private static final BpeTokenizer BYTES = TokenizerVectors.byteLevel("moge-wide/tokenizer.json");

    static Stream<BpeTokenizer> all() {
        return Stream.of(IDENTITY, NFKC, BYTES);
    }

    /** Those that lose nothing. */
    static Stream<BpeTokenizer> faithful() {
        return Stream.of(IDENTITY, BYTES);
    }

    /** SentencePiece writes a space as U+2581 and so cannot tell the two apart. */
    private static String kept(Tokenizer tokenizer, String text) {
        return tokenizer == BYTES ? text : text.replace(SentencePieceNormalizer.ESCAPED_SPACE, ' ');
    }

    @ParameterizedTest
    @MethodSource("faithful")
    void decodingGivesTheTextBack(Tokenizer tokenizer) {
        for (String text : new HostileText(SEED).texts(2_000, 20)) {
            assertThat(tokenizer.decode(tokenizer.encode(text)))
                    .as("seed %s", SEED)
                    .isEqualTo(kept(tokenizer, text));
        }
    }

    @ParameterizedTest
    @MethodSource("faithful")
    void bytesOfTokensAreTheTextsBytes(Tokenizer tokenizer) {
        for (String text : new HostileText(SEED).texts(500, 20)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int id : tokenizer.encode(text)) {
                bytes.writeBytes(tokenizer.tokenBytes(id));
            }
            assertThat(bytes.toByteArray()).isEqualTo(kept(tokenizer, text).getBytes(StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @MethodSource("faithful")
    void loneSurrogatesBecomeReplacementCharacters(Tokenizer tokenizer) {
        HostileText texts = new HostileText(SEED);
        for (int round = 0; round < 500; round++) {
            String text = texts.anything(20);
            // A lone surrogate has no UTF-8; Java writes a question mark for it, we write U+FFFD.
            String expected = text.codePoints()
                    .map(code -> code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            assertThat(tokenizer.decode(tokenizer.encode(text)))
                    .as("seed %s", SEED)
                    .isEqualTo(kept(tokenizer, expected));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void plainTextGivesNoSpecialTokenAndNoUnknownId(Tokenizer tokenizer) {
        HostileText texts = new HostileText(SEED);
        for (int round = 0; round < 1_000; round++) {
            int[] ids = tokenizer.encode(texts.anything(15));
            assertThat(IntStream.of(ids)).allMatch(id -> id >= 0 && id < tokenizer.vocabSize());
            if (tokenizer != NFKC) {
                assertThat(IntStream.of(ids)).noneMatch(tokenizer::isSpecial);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void encodingIsTheSameTwiceAndInManyThreads(Tokenizer tokenizer) {
        List<String> texts = new HostileText(SEED).texts(400, 20);
        List<int[]> alone = texts.stream().map(tokenizer::encode).toList();
        List<int[]> together = texts.parallelStream().map(tokenizer::encode).toList();
        for (int i = 0; i < texts.size(); i++) {
            assertThat(together.get(i)).isEqualTo(alone.get(i));
        }
    }

    /** A model has more tokens than its tokenizer where its vocabulary is padded, and may take one of those. */
    @ParameterizedTest
    @MethodSource("all")
    void idsBeyondTheVocabularyAddNothing(Tokenizer tokenizer) {
        int beyond = tokenizer.vocabSize();
        for (String text : new HostileText(SEED).texts(100, 10)) {
            int[] ids = tokenizer.encode(text);
            int[] mixed = IntStream.concat(
                            IntStream.of(ids).flatMap(id -> IntStream.of(id, beyond)), IntStream.of(beyond + 1_000))
                    .toArray();
            assertThat(tokenizer.decode(mixed)).isEqualTo(tokenizer.decode(ids));
        }
        assertThat(tokenizer.tokenBytes(beyond)).isEmpty();
        assertThat(tokenizer.isSpecial(beyond)).isFalse();
    }

    @ParameterizedTest
    @MethodSource("all")
    void streamsJoinToTheDecodedTextAndShowNoHalfCharacter(Tokenizer tokenizer) {
        for (String text : new HostileText(SEED).texts(800, 12)) {
            int[] ids = tokenizer.encodeWithSpecialTokens(text);
            StreamingDecoder decoder = tokenizer.streamingDecoder();
            StringBuilder shown = new StringBuilder();
            String whole = tokenizer.decode(ids);
            for (int id : ids) {
                shown.append(decoder.append(id));
                // All that was shown is certain: it begins the whole text, and ends between characters.
                assertThat(whole).startsWith(shown.toString());
                assertThat(shown.isEmpty() || !Character.isHighSurrogate(shown.charAt(shown.length() - 1)))
                        .isTrue();
            }
            assertThat(shown.append(decoder.finish()).toString()).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void anyIdsStreamToTheirDecodedText(Tokenizer tokenizer) {
        Random random = new Random(SEED);
        for (int round = 0; round < 2_000; round++) {
            int[] ids = random.ints(random.nextInt(24), -2, tokenizer.vocabSize() + 3)
                    .toArray();
            String whole = tokenizer.decode(ids);
            assertThat(TokenizerVectors.streamed(tokenizer, ids)).isEqualTo(whole);
            // At every split, the parts before are a beginning of the whole once nothing is held back any more.
            StreamingDecoder decoder = tokenizer.streamingDecoder();
            StringBuilder shown = new StringBuilder();
            for (int id : ids) {
                shown.append(decoder.append(id));
                assertThat(whole).startsWith(shown);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void onlyRealIdsHaveBytes(Tokenizer tokenizer) {
        assertThat(tokenizer.tokenBytes(-1)).isEmpty();
        assertThat(tokenizer.tokenBytes(tokenizer.vocabSize())).isEmpty();
        assertThat(tokenizer.tokenBytes(Integer.MAX_VALUE)).isEmpty();
        assertThat(tokenizer.isSpecial(-1)).isFalse();
        assertThat(tokenizer.isSpecial(Integer.MAX_VALUE)).isFalse();
        byte[] bytes = tokenizer.tokenBytes(tokenizer.vocabSize() - 1);
        bytes[0] ^= 1;
        assertThat(tokenizer.tokenBytes(tokenizer.vocabSize() - 1)).isNotEqualTo(bytes);
    }

    @ParameterizedTest
    @MethodSource("all")
    void emptyTextHasNoIds(Tokenizer tokenizer) {
        assertThat(tokenizer.encode("")).isEmpty();
        assertThat(tokenizer.encodeWithSpecialTokens("")).isEmpty();
        assertThat(tokenizer.decode(new int[0])).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("all")
    void longWordsTakeNoLongerThanTheirLength(Tokenizer tokenizer) {
        // A quadratic merge would need minutes for these.
        for (String word : List.of("ab", "a", "的", "😀", " ", "\n", "x1")) {
            String text = word.repeat(200_000);
            assertThat(tokenizer.encode(text)).isNotNull();
        }
    }

    @Test
    void halfACharacterIsHeldBack() {
        StreamingDecoder decoder = IDENTITY.streamingDecoder();
        int[] ids = IDENTITY.encode("\ud83e\udd80");
        assertThat(ids).hasSize(4);
        assertThat(decoder.append(ids[0]) + decoder.append(ids[1]) + decoder.append(ids[2]))
                .isEmpty();
        assertThat(decoder.append(ids[3])).isEqualTo("\ud83e\udd80");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void abandonedHalvesBecomeReplacementCharacters() {
        int[] ids = IDENTITY.encode("\ud83e\udd80");
        StreamingDecoder decoder = IDENTITY.streamingDecoder();
        assertThat(decoder.append(ids[0]) + decoder.append(ids[1])).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\ufffd\ufffd");
        StreamingDecoder cut = IDENTITY.streamingDecoder();
        assertThat(cut.append(ids[0]) + cut.append(12)).isEqualTo("\ufffd[unused9]");
    }
}
