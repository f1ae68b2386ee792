package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.tokenizer.Utf8Assembler.Replacement;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes, characters and halves of them. */
class CharactersTest {
    private static String assembled(Replacement replacement, byte[] bytes) {
        Utf8Assembler assembler = new Utf8Assembler(replacement);
        StringBuilder out = new StringBuilder();
        assembler.append(bytes, out);
        assembler.finish(out);
        return out.toString();
    }

    @Nested
    class Assembly {
        @Test
        void validBytesGiveTheirText() {
            for (String text : new HostileText(9).texts(500, 10)) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                assertThat(assembled(Replacement.PER_BYTE, bytes)).isEqualTo(text);
                assertThat(assembled(Replacement.PER_SEQUENCE, bytes)).isEqualTo(text);
            }
        }

        @Test
        void anyBytesGiveWhatJavasDecoderGives() throws CharacterCodingException {
            long seed = 10;
            Random random = new Random(seed);
            for (int round = 0; round < 20_000; round++) {
                byte[] bytes = new byte[random.nextInt(8)];
                for (int i = 0; i < bytes.length; i++) {
                    // Lead and continuation bytes, mostly; uniform bytes seldom come near a character.
                    bytes[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : 0x80 + random.nextInt(0x80));
                }
                if (new String(bytes, StandardCharsets.ISO_8859_1).matches("(?s).*\u00ed[\u00a0-\u00bf].*")) {
                    // Java takes the three bytes of a surrogate for one broken character, Unicode and Rust for three.
                    continue;
                }
                String expected = StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPLACE)
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
                assertThat(assembled(Replacement.PER_SEQUENCE, bytes))
                        .as("seed %s", seed)
                        .isEqualTo(expected);
            }
        }

        @ParameterizedTest
        @CsvSource({
            "F09FA6,     3, 1",
            "E282,       2, 1",
            "C3,         1, 1",
            "C0AF,       2, 2",
            "EDA080,     3, 3",
            "F8888080,   4, 4",
            "F48FBF,     3, 1",
            "F4908080,   4, 4",
            "E0809F,     3, 3",
            "FF,         1, 1",
        })
        void brokenCharactersAreCounted(String hex, int perByte, int perSequence) {
            byte[] bytes = java.util.HexFormat.of().parseHex(hex);
            assertThat(assembled(Replacement.PER_BYTE, bytes)).isEqualTo("\ufffd".repeat(perByte));
            assertThat(assembled(Replacement.PER_SEQUENCE, bytes)).isEqualTo("\ufffd".repeat(perSequence));
        }

        @Test
        void nothingIsShownBeforeACharacterIsWhole() {
            Utf8Assembler assembler = new Utf8Assembler(Replacement.PER_BYTE);
            byte[] bytes = "\ud83d\ude00".getBytes(StandardCharsets.UTF_8);
            StringBuilder out = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                assembler.append(bytes[i], out);
                assertThat(out).isEmpty();
            }
            assembler.append(bytes[3], out);
            assertThat(out.toString()).isEqualTo("\ud83d\ude00");
        }
    }

    @Nested
    class Surrogates {
        @ParameterizedTest
        @CsvSource({
            "a,                a",
            "\ud83d\ude00,     \ud83d\ude00",
        })
        void whatIsWholeStays(String text, String expected) {
            assertThat(SurrogateRepair.repair(text)).isSameAs(text).isEqualTo(expected);
        }

        @Test
        void whatIsAloneIsReplaced() {
            assertThat(SurrogateRepair.repair("\ud83d")).isEqualTo("\ufffd");
            assertThat(SurrogateRepair.repair("\ude00\ud83d")).isEqualTo("\ufffd\ufffd");
            assertThat(SurrogateRepair.repair("a\ud83db")).isEqualTo("a\ufffdb");
            assertThat(SurrogateRepair.repair("\ud83d\ud83d\ude00")).isEqualTo("\ufffd\ud83d\ude00");
            assertThat(SurrogateRepair.repair("\ud83d\ude00\ude00")).isEqualTo("\ud83d\ude00\ufffd");
        }

        @Test
        void everyMixtureBecomesValidAndKeepsItsLength() {
            Random random = new Random(4);
            for (int round = 0; round < 5_000; round++) {
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(8); i > 0; i--) {
                    text.append("a\ud83d\ude00\udbff".charAt(random.nextInt(4)));
                }
                String repaired = SurrogateRepair.repair(text.toString());
                assertThat(repaired).hasSize(text.length());
                assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(repaired))
                        .isTrue();
                String valid = text.codePoints()
                        .map(code -> code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
                assertThat(repaired).isEqualTo(valid);
            }
        }
    }

    @Nested
    class Alphabet {
        @Test
        void everyByteHasOneCharacterAndBack() {
            StringBuilder all = new StringBuilder();
            for (int b = 0; b < 256; b++) {
                all.append(ByteAlphabet.charOf(b));
            }
            assertThat(all.chars().distinct()).hasSize(256);
            byte[] bytes = ByteAlphabet.bytesOf(all.toString());
            for (int b = 0; b < 256; b++) {
                assertThat(bytes[b] & 0xFF).isEqualTo(b);
            }
        }

        @Test
        void someCharactersAreKnown() {
            assertThat(ByteAlphabet.charOf(' ')).isEqualTo('\u0120');
            assertThat(ByteAlphabet.charOf('\n')).isEqualTo('\u010a');
            assertThat(ByteAlphabet.charOf('A')).isEqualTo('A');
            assertThat(ByteAlphabet.charOf(0xAD)).isEqualTo('\u0143');
        }

        @Test
        void aTokenOutsideItIsText() {
            assertThat(ByteAlphabet.bytesOf("\u4f60")).isEqualTo("\u4f60".getBytes(StandardCharsets.UTF_8));
        }
    }
}
