package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SentencePieceModelReaderTest {
    private static final int BPE = 2;

    @TempDir
    private Path directory;

    private SentencePieceModel read(byte[] bytes) {
        Path file = directory.resolve("tokenizer.model");
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return SentencePieceModelReader.read(file);
    }

    private EngineException refusal(ErrorCode code, ModelBytes model) {
        EngineException e = catchThrowableOfType(EngineException.class, () -> read(model.bytes()));
        assertThat(e.code()).isEqualTo(code);
        assertThat(e).hasMessageStartingWith("tokenizer.model: ");
        assertThat(e.context())
                .containsEntry("file", directory.resolve("tokenizer.model").toString());
        return e;
    }

    private EngineException damage(ModelBytes model) {
        EngineException e = refusal(ErrorCode.INVALID_CHECKPOINT, model);
        assertThat(e).hasMessageEndingWith("; fetch the file again");
        return e;
    }

    private static ModelBytes valid() {
        return new ModelBytes()
                .piece("<unk>", 0, Kind.UNKNOWN)
                .piece("a", -1, Kind.NORMAL)
                .trainer(BPE, false, false);
    }

    @Test
    void readsPiecesAndRules() {
        SentencePieceModel model = read(valid().normalizer(false, true, false).bytes());
        assertThat(model.pieces()).extracting(SentencePieceModel.Piece::text).containsExactly("<unk>", "a");
        assertThat(model.pieces().get(1).score()).isEqualTo(-1f);
        assertThat(model.normalizer().addDummyPrefix()).isFalse();
        assertThat(model.normalizer().removeExtraWhitespaces()).isTrue();
        assertThat(model.normalizer().escapeWhitespaces()).isFalse();
        assertThat(model.unknownSurface()).isEqualTo(" \u2047 ");
    }

    @Test
    void skipsFieldsThatItDoesNotKnow() {
        ModelBytes model =
                valid().varint(200, 7).fixed(201, 1).text(202, "later").raw(0xC9, 0x0C, 0, 0, 0, 0, 0, 0, 0, 0);
        assertThat(read(model.bytes()).pieces()).hasSize(2);
    }

    @Nested
    class Damage {
        @Test
        void anEmptyFileIsNoModel() {
            assertThat(damage(new ModelBytes())).hasMessageContaining("no pieces; not a SentencePiece model");
        }

        @Test
        void aCutFileIsNamedWithItsOffset() {
            byte[] whole = valid().bytes();
            for (int length = 1; length < whole.length; length++) {
                byte[] cut = Arrays.copyOf(whole, length);
                assertThat(catchThrowableOfType(EngineException.class, () -> read(cut))
                                .code())
                        .isIn(ErrorCode.INVALID_CHECKPOINT, ErrorCode.UNSUPPORTED_MODEL);
            }
        }

        @Test
        void aLengthBeyondTheEndIsRefused() {
            assertThat(damage(new ModelBytes().raw(0x0A, 0x7F)))
                    .hasMessageContaining("length 127 of field 1 with 0 bytes left at byte 2");
        }

        @Test
        void aHugeLengthIsRefused() {
            assertThat(damage(new ModelBytes().raw(0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01)))
                    .hasMessageContaining("length 18446744073709551615 of field 1");
        }

        @Test
        void aNumberThatNeverEndsIsRefused() {
            assertThat(damage(new ModelBytes().raw(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)))
                    .hasMessageContaining("number of more than ten bytes");
            assertThat(damage(new ModelBytes().raw(0x80))).hasMessageContaining("end of the message inside a number");
        }

        @Test
        void fieldZeroAndUnknownWireTypesAreRefused() {
            assertThat(damage(new ModelBytes().raw(0x02, 0x00))).hasMessageContaining("field number 0");
            assertThat(damage(new ModelBytes().raw(0x33))).hasMessageContaining("wire type 3 of field 6");
        }

        @Test
        void aFieldOfAnotherTypeIsRefused() {
            assertThat(damage(new ModelBytes().varint(1, 5)))
                    .hasMessageContaining("wire type 0 instead of 2 for field 1");
            assertThat(damage(valid().field(2, new ModelBytes().text(3, "x").bytes())))
                    .hasMessageContaining("wire type 2 instead of 0 for field 3");
            assertThat(damage(valid().field(
                                    1,
                                    new ModelBytes().text(1, "x").varint(2, 1).bytes())))
                    .hasMessageContaining("wire type 0 instead of 5 for field 2");
        }

        @Test
        void textThatIsNotUtf8IsRefused() {
            byte[] bad = {(byte) 0xC3};
            assertThat(damage(valid().field(1, new ModelBytes().field(1, bad).bytes())))
                    .hasMessageContaining("text that is not UTF-8 in field 1");
        }

        @Test
        void piecesMustHaveTextScoreAndKind() {
            assertThat(damage(valid().piece("", 0, Kind.NORMAL))).hasMessageContaining("piece 2 has 0 characters");
            assertThat(damage(valid().piece("x".repeat(5000), 0, Kind.NORMAL)))
                    .hasMessageContaining("piece 2 has 5000 characters");
            assertThat(damage(valid().piece("x", Float.NaN, Kind.NORMAL)))
                    .hasMessageContaining("piece 2 has no number as score");
            assertThat(damage(valid().field(
                                    1,
                                    new ModelBytes().text(1, "x").varint(3, 9).bytes())))
                    .hasMessageContaining("piece 2 has the unknown type 9");
        }

        @Test
        void contradictionsAreRefused() {
            assertThat(damage(valid().piece("<unk2>", 0, Kind.UNKNOWN))).hasMessageContaining("has 2 unknown pieces");
            assertThat(damage(new ModelBytes().piece("a", 0, Kind.NORMAL).trainer(BPE, false, false)))
                    .hasMessageContaining("has 0 unknown pieces");
            assertThat(damage(valid().trainer(BPE, false, true).piece("<0x41>", 0, Kind.BYTE)))
                    .hasMessageContaining("falls back to bytes but has 1 byte pieces");
        }

        @Test
        void aByteIsWrittenInHexadecimal() {
            byte[] model = valid().piece("<0xGG>", 0, Kind.BYTE).bytes();
            EngineException e =
                    catchThrowableOfType(EngineException.class, () -> new SentencePieceBpe(read(model), List.of()));
            assertThat(e).hasMessageContaining("the byte piece '<0xGG>' is not of the form <0x41>");
        }

        @Test
        void anyChangedByteGivesAModelOrARefusal() throws IOException {
            byte[] whole = Files.readAllBytes(TokenizerVectors.golden("tokenizer-sentencepiece-nfkc.model"));
            long seed = 11;
            Random random = new Random(seed);
            for (int round = 0; round < 300; round++) {
                byte[] changed = whole.clone();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    // Half of the changes go where the pieces are, the others into the large charsmap as well.
                    changed[random.nextInt(round % 2 == 0 ? 6_000 : changed.length)] = (byte) random.nextInt();
                }
                assertThatCode(() -> {
                            try {
                                SentencePieceBpe tokenizer = new SentencePieceBpe(read(changed), List.of());
                                tokenizer.decode(tokenizer.encode("ﬁne　text １２３ ㌀ é"));
                            } catch (EngineException e) {
                                assertThat(e.code()).isIn(ErrorCode.INVALID_CHECKPOINT, ErrorCode.UNSUPPORTED_MODEL);
                            }
                        })
                        .as("seed %s, round %s", seed, round)
                        .doesNotThrowAnyException();
            }
        }
    }

    @Nested
    class Unsupported {
        private EngineException unsupported(ModelBytes model) {
            return refusal(ErrorCode.UNSUPPORTED_MODEL, model);
        }

        @Test
        void otherKindsOfModelAreRefusedByName() {
            ModelBytes pieces = new ModelBytes().piece("<unk>", 0, Kind.UNKNOWN);
            assertThat(unsupported(pieces)).hasMessageContaining("this engine has no SentencePiece unigram model");
            for (var kind : List.of("1=unigram", "3=word", "4=character", "9=kind 9")) {
                String[] parts = kind.split("=");
                ModelBytes model = new ModelBytes()
                        .piece("<unk>", 0, Kind.UNKNOWN)
                        .trainer(Integer.parseInt(parts[0]), false, false);
                assertThat(unsupported(model)).hasMessageContaining("SentencePiece " + parts[1] + " model");
            }
        }

        @Test
        void unusedPiecesAreRefusedByName() {
            assertThat(unsupported(valid().piece("old", 0, Kind.UNUSED)))
                    .hasMessageContaining("SentencePiece model with unused pieces ('old')");
        }

        @Test
        void aDenormalizerIsRefusedByName() {
            assertThat(unsupported(
                            valid().field(5, new ModelBytes().text(2, "map").bytes())))
                    .hasMessageContaining("SentencePiece denormalizer");
        }
    }

    @Nested
    class CharsMaps {
        private EngineException refusedMap(byte[] map) {
            byte[] model =
                    valid().field(3, new ModelBytes().field(2, map).bytes()).bytes();
            return catchThrowableOfType(EngineException.class, () -> new SentencePieceBpe(read(model), List.of()));
        }

        @Test
        void lengthsThatContradictEachOtherAreRefused() {
            assertThat(refusedMap(new byte[3])).hasMessageContaining("precompiled_charsmap has only 3 bytes");
            assertThat(refusedMap(new byte[] {0, 0, 1, 0, 0}))
                    .hasMessageContaining("precompiled_charsmap of 5 bytes has a trie of 65536 bytes");
            assertThat(refusedMap(new byte[] {8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
                    .hasMessageContaining("a trie of 8 bytes");
        }

        @Test
        void replacementsMustEnd() {
            byte[] map = new byte[4 + 1024 + 2];
            map[1] = 4;
            map[map.length - 1] = 'x';
            assertThat(refusedMap(map)).hasMessageContaining("the last replacement of precompiled_charsmap has no end");
        }
    }

    @Test
    void aMissingFileIsNamed() {
        EngineException e = catchThrowableOfType(
                EngineException.class, () -> SentencePieceModelReader.read(directory.resolve("absent.model")));
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        assertThat(e).hasMessageContaining("absent.model cannot be read").hasMessageContaining("check that it exists");
    }
}
