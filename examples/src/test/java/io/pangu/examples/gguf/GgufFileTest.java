package io.pangu.examples.gguf;

import static io.pangu.examples.gguf.GgufBytes.little;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
    private static final long SEED = 7;

    @TempDir
    Path directory;

    @Nested
    class Tensors {
        @Test
        void widenToTheirFormulas() throws IOException {
            GgufBytes bytes = new GgufBytes(SEED);
            float[][] plain = bytes.putFloats("plain", 3, 5, 1);
            float[][] nibbles = bytes.putQ41("nibbles", 4, 96, 0.05);
            float[][] octets = bytes.putQ80("octets", 2, 64, 0.05);
            try (GgufFile file = GgufFile.open(bytes.write(directory.resolve("x.gguf")))) {
                assertThat(file.names()).containsExactly("plain", "nibbles", "octets");
                assertRows(file.tensor("plain", 3, 5), plain);
                assertRows(file.tensor("nibbles", 4, 96), nibbles);
                assertRows(file.tensor("octets", 2, 64), octets);
            }
        }

        @Test
        void readKnownBlocks() throws IOException {
            byte[] nibbles = little(20)
                    .putShort(Float.floatToFloat16(0.5f))
                    .putShort(Float.floatToFloat16(-3f))
                    .put((byte) 0xF1)
                    .array();
            byte[] octets = little(34)
                    .putShort(Float.floatToFloat16(0.25f))
                    .put((byte) -128)
                    .put((byte) 127)
                    .array();
            GgufBytes bytes =
                    new GgufBytes(SEED).putBlocks("a", 3, 1, 32, nibbles).putBlocks("b", 8, 1, 32, octets);
            try (GgufFile file = GgufFile.open(bytes.write(directory.resolve("x.gguf")))) {
                float[] row = new float[32];
                file.tensor("a", 1, 32).readRow(0, row);
                assertThat(row[0]).isEqualTo(-2.5f);
                assertThat(row[16]).isEqualTo(4.5f);
                assertThat(row[1]).isEqualTo(-3f);
                file.tensor("b", 1, 32).readRow(0, row);
                assertThat(row[0]).isEqualTo(-32f);
                assertThat(row[1]).isEqualTo(31.75f);
            }
        }

        @Test
        void thatAreAbsentOrOfOtherExtentsAreNamed() throws IOException {
            GgufBytes bytes = new GgufBytes(SEED);
            bytes.putFloats("a", 2, 3, 1);
            try (GgufFile file = GgufFile.open(bytes.write(directory.resolve("x.gguf")))) {
                assertThatExceptionOfType(GgufException.class)
                        .isThrownBy(() -> file.tensor("b", 2, 3))
                        .withMessageContaining("x.gguf: there is no tensor 'b'");
                assertThatExceptionOfType(GgufException.class)
                        .isThrownBy(() -> file.tensor("a", 3, 2))
                        .withMessageContaining("has extents [2, 3], the metadata imply [3, 2]");
            }
        }

        private void assertRows(GgufTensor tensor, float[][] expected) {
            float[] row = new float[tensor.cols()];
            for (int r = 0; r < expected.length; r++) {
                tensor.readRow(r, row);
                assertThat(row).containsExactly(expected[r]);
            }
        }
    }

    @Nested
    class Metadata {
        @Test
        void readsEveryKindOfValue() throws IOException {
            GgufBytes bytes = new GgufBytes(SEED)
                    .putCount("count", 30)
                    .putNumber("theta", 100_000)
                    .putText("name", "模型")
                    .putTexts("tokens", List.of("a", "", "Ġt"))
                    .putCounts("types", List.of(3, 1))
                    .putRaw("u8", 0, new byte[] {-1})
                    .putRaw("i8", 1, new byte[] {-1})
                    .putRaw("u16", 2, little(2).putShort((short) -1).array())
                    .putRaw("i16", 3, little(2).putShort((short) 9).array())
                    .putRaw("truth", 7, new byte[] {1})
                    .putRaw("u64", 10, little(8).putLong(5).array())
                    .putRaw("f64", 12, little(8).putDouble(0.5).array())
                    .putRaw("bytes", 9, little(15).putInt(0).putLong(3).array())
                    .putCount("zero", 0);
            try (GgufFile file = GgufFile.open(bytes.write(directory.resolve("x.gguf")))) {
                assertThat(file.count("count")).isEqualTo(30);
                assertThat(file.number("theta")).isEqualTo(100_000f);
                assertThat(file.text("name")).isEqualTo("模型");
                assertThat(file.texts("tokens")).containsExactly("a", "", "Ġt");
                assertThat(file.counts("types")).containsExactly(3, 1);
                assertThat(file.count("u8")).isEqualTo(255);
                assertThat(file.count("u16")).isEqualTo(65535);
                assertThat(file.count("i16")).isEqualTo(9);
                assertThat(file.count("u64")).isEqualTo(5);
                assertThat(file.tokenId("zero")).isZero();
                assertWrong(() -> file.count("zero"), "key 'zero' is not a positive whole number");
                assertWrong(() -> file.count("i8"), "key 'i8' is not a positive whole number");
                assertWrong(() -> file.count("theta"), "key 'theta' is not a positive whole number");
                assertWrong(() -> file.number("f64"), "key 'f64' is not a positive number");
                assertWrong(() -> file.text("count"), "key 'count' is not a string");
                assertWrong(() -> file.texts("types"), "key 'types' is not a list of strings");
                assertWrong(() -> file.counts("tokens"), "key 'tokens' is not a list of whole numbers");
                assertWrong(() -> file.text("absent"), "there is no key 'absent'");
            }
        }

        private void assertWrong(Runnable reading, String message) {
            assertThatExceptionOfType(GgufException.class)
                    .isThrownBy(reading::run)
                    .withMessageContaining(message);
        }
    }

    @Nested
    class Refusing {
        @Test
        void whatIsNoGgufOfVersionThree() throws IOException {
            assertDamaged(new byte[0], "the file ends within the magic number (at byte 0)");
            assertDamaged("PK345678".getBytes(StandardCharsets.US_ASCII), "it does not begin with GGUF");
            byte[] old = new GgufBytes(SEED).toBytes();
            old[4] = 2;
            assertDamaged(old, "its version is 2 (at byte 4)");
        }

        @Test
        void countsThatTheFileCannotHold() throws IOException {
            byte[] manyTensors = new GgufBytes(SEED).toBytes();
            manyTensors[15] = 0x7f;
            assertDamaged(manyTensors, "the number of tensors is ");
            byte[] manyPairs = new GgufBytes(SEED).toBytes();
            manyPairs[16] = 100;
            assertDamaged(manyPairs, "the number of metadata pairs is 100, more than the file can hold");
            assertDamaged(
                    new GgufBytes(SEED)
                            .putRaw(
                                    "a",
                                    9,
                                    little(12).putInt(8).putLong(1L << 40).array()),
                    "the length of the value of 'a' is 1099511627776");
            assertDamaged(
                    new GgufBytes(SEED).putRaw("a", 8, little(8).putLong(-1).array()),
                    "the value of 'a' is announced with 18446744073709551615 bytes");
        }

        @Test
        void valuesOfUnknownTypesAndWrongText() throws IOException {
            assertDamaged(
                    new GgufBytes(SEED).putRaw("a", 13, new byte[8]), "the value of 'a' is of the unknown type 13");
            assertDamaged(
                    new GgufBytes(SEED)
                            .putRaw("a", 9, little(12).putInt(9).putLong(1).array()),
                    "of the unknown type 9");
            assertDamaged(
                    new GgufBytes(SEED)
                            .putRaw(
                                    "a",
                                    8,
                                    little(9).putLong(1).put((byte) 0xff).array()),
                    "is not UTF-8");
            assertDamaged(new GgufBytes(SEED).putCount("a", 1).putCount("a", 2), "metadata key 'a' stands twice");
            assertDamaged(new GgufBytes(SEED).putCount("general.alignment", 3), "not a small power of two");
        }

        @Test
        void tensorsThatDoNotFit() throws IOException {
            assertDamaged(
                    new GgufBytes(SEED).putBlocks("a", 2, 1, 32, new byte[18]),
                    "tensor 'a' is of type 2, none of [F32,");
            assertDamaged(new GgufBytes(SEED).putBlocks("a", 3, 1, 33, new byte[40]), "no whole blocks of Q4_1");
            assertDamaged(new GgufBytes(SEED).putBlocks("a", 0, 0, 4, new byte[0]), "is no matrix");
            assertDamaged(
                    new GgufBytes(SEED).putBlocks("a", 0, 2_000_000_000, 2_000_000_000, new byte[64]), "larger than");
            assertDamaged(
                    new GgufBytes(SEED).putBlocks("a", 0, 2, 40, new byte[64]),
                    "tensor 'a' of 320 bytes at 0 does not lie within the 64 bytes of data");
            assertDamaged(
                    new GgufBytes(SEED).putBlocks("a", 0, 2, 16, new byte[32]).putBlocks("b", 0, 1, 16, new byte[96]),
                    "tensor 'b' overlaps another");
            assertDamaged(
                    new GgufBytes(SEED).putBlocks("a", 0, 1, 8, new byte[32]).putBlocks("a", 0, 1, 8, new byte[32]),
                    "tensor 'a' stands twice");
        }

        @Test
        void everyTruncationAndMutationWithItsOwnException() throws IOException {
            GgufBytes bytes = new GgufBytes(SEED).putCount("a", 3).putTexts("tokens", List.of("x", "yz"));
            bytes.putFloats("plain", 2, 8, 1);
            bytes.putQ41("nibbles", 1, 32, 1);
            byte[] whole = bytes.toBytes();
            Path path = directory.resolve("x.gguf");
            Random random = new Random(SEED);
            int refused = 0;
            for (int round = 0; round < 1500; round++) {
                byte[] changed = round < whole.length
                        ? Arrays.copyOf(whole, round)
                        : flipped(whole, random, 1 + random.nextInt(3));
                Files.write(path, changed);
                try (GgufFile file = GgufFile.open(path)) {
                    assertThat(file.names()).hasSizeLessThan(3);
                } catch (GgufException e) {
                    assertThat(e).hasMessageStartingWith("x.gguf: ").hasMessageContaining("(at byte ");
                    refused++;
                }
            }
            assertThat(refused).as("seed %s", SEED).isBetween(500, 1499);
        }

        private byte[] flipped(byte[] whole, Random random, int times) {
            byte[] bytes = whole.clone();
            for (int i = 0; i < times; i++) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return bytes;
        }

        private void assertDamaged(GgufBytes bytes, String fault) throws IOException {
            assertDamaged(bytes.toBytes(), fault);
        }

        private void assertDamaged(byte[] bytes, String fault) throws IOException {
            Path path = Files.write(directory.resolve("bad.gguf"), bytes);
            assertThatExceptionOfType(GgufException.class)
                    .isThrownBy(() -> GgufFile.open(path).close())
                    .withMessageStartingWith("bad.gguf: ")
                    .withMessageContaining(fault)
                    .withMessageContaining("the file is damaged or no GGUF of version 3: fetch it again");
        }
    }
}
