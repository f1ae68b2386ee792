package io.pangu.runtime.weights;

import static io.pangu.runtime.weights.SafetensorsBytes.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
    @TempDir
    Path directory;

    @Nested
    class Reading {
        @Test
        void findsEveryTensorOfAGoldenCheckpoint() {
            try (SafetensorsFile file = SafetensorsFile.open(GoldenCheckpoint.file("moge-tiny/model.safetensors"))) {
                assertThat(file.names()).hasSize(417).contains("model.layers.1.mlp.router_scale");
                HostTensor scale = file.tensor("model.layers.1.mlp.router_scale");
                assertThat(scale.shape()).isEqualTo(Shape.of(1, 64));
                assertThat(scale.dtype()).isEqualTo(DType.BF16);
                assertThat(scale.data().byteSize()).isEqualTo(128);
                assertThat(scale.data().isReadOnly()).isTrue();
                assertThat(scale.file()).isEqualTo("model.safetensors");
            }
        }

        @Test
        void givesTheBytesThatTheOffsetsName() throws IOException {
            // A header of odd length puts the elements at odd addresses.
            String header = "{" + entry("b", "I16", "[2]", "[3,7]") + "," + entry("a", "U8", "[3]", "[0,3]") + "} ";
            Path path = SafetensorsBytes.write(directory.resolve("x.safetensors"), header, 7);
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                assertThat(file.tensor("a").data().toArray(ValueLayout.JAVA_BYTE))
                        .containsExactly(0, 1, 2);
                assertThat(file.tensor("b").data().toArray(ValueLayout.JAVA_BYTE))
                        .containsExactly(3, 4, 5, 6);
                assertThat(file.tensor("b").data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 0))
                        .isEqualTo((short) 0x0403);
            }
        }

        @Test
        void allowsEmptyTensorsAndScalars() throws IOException {
            String header = "{" + entry("none", "F32", "[0,5]", "[0,0]") + "," + entry("one", "F32", "[]", "[0,4]")
                    + "," + entry("end", "I8", "[0]", "[4,4]") + "}";
            try (SafetensorsFile file =
                    SafetensorsFile.open(SafetensorsBytes.write(directory.resolve("x.safetensors"), header, 4))) {
                assertThat(file.tensor("none").data().byteSize()).isZero();
                assertThat(file.tensor("one").shape().elements()).isOne();
                assertThat(file.tensor("end").data().byteSize()).isZero();
            }
        }

        @Test
        void saysWhichTensorIsNotThere() throws IOException {
            Path path = SafetensorsBytes.write(directory.resolve("x.safetensors"), new SafetensorsBytes.Floats("a", 1));
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                assertThatExceptionOfType(EngineException.class)
                        .isThrownBy(() -> file.tensor("b"))
                        .withMessageContaining("x.safetensors: there is no tensor 'b'");
            }
        }

        @Test
        void tensorsEndWithTheirFile() throws IOException {
            Path path = SafetensorsBytes.write(directory.resolve("x.safetensors"), new SafetensorsBytes.Floats("a", 1));
            MemorySegment data;
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                data = file.tensor("a").data();
            }
            assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Nested
    class Refusing {
        @Test
        void absentEmptyAndShortFiles() throws IOException {
            assertThatExceptionOfType(EngineException.class)
                    .isThrownBy(() -> SafetensorsFile.open(directory.resolve("absent.safetensors")))
                    .withMessageContaining("absent.safetensors does not exist");
            assertDamaged(new byte[0], 0, "a file of 0 bytes has no header");
            assertDamaged(new byte[7], 0, "a file of 7 bytes has no header");
        }

        @ParameterizedTest
        @ValueSource(longs = {0, 1, 3, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, -1})
        void headerLengthsThatTheFileDoesNotHold(long length) throws IOException {
            byte[] bytes = ByteBuffer.allocate(10)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .put((byte) '{')
                    .put((byte) '}')
                    .array();
            assertDamaged(
                    bytes, 0, "announces a header of " + Long.toUnsignedString(length) + " bytes in a file of 10");
        }

        @Test
        void aTruncatedShardByTensorAndOffset() throws IOException {
            byte[] whole = Files.readAllBytes(GoldenCheckpoint.file("moge-wide/model-00002-of-00003.safetensors"));
            Path path = Files.write(directory.resolve("shard.safetensors"), Arrays.copyOf(whole, whole.length - 1));
            assertThatExceptionOfType(EngineException.class)
                    .isThrownBy(() -> SafetensorsFile.open(path))
                    .withMessageMatching("shard\\.safetensors: tensor 'model\\..*': data_offsets .* end beyond the"
                            + " \\d+ bytes of data in the file, which is truncated or damaged \\(at byte \\d+\\);.*")
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
                    .satisfies(e -> assertThat(e.context()).containsKeys("file", "tensor", "offset"));
        }

        @Test
        void headersThatAreNoJsonObject() throws IOException {
            assertDamaged("[1]", 0, 8, "the header is not a JSON object");
            assertDamaged("{\"a\":", 0, 13, "the header is not valid JSON");
            assertDamaged("{} {}", 0, 11, "something follows the header's JSON object");
            assertDamaged("\0\0\0\0", 0, 8, "the header is not valid JSON");
        }

        @Test
        void entriesThatAreNoTensors() throws IOException {
            assertTensorDamaged("\"a\":3", "its entry is not a JSON object");
            assertTensorDamaged("\"a\":{\"dtype\":\"F32\"}", "lacks one of dtype, shape and data_offsets");
            assertTensorDamaged("\"a\":{\"dtype\":7}", "dtype is not a string");
            assertTensorDamaged("\"a\":{\"kind\":7}", "unknown key 'kind'");
            assertTensorDamaged(entry("a", "F8_E4M3", "[4]", "[0,4]"), "dtype 'F8_E4M3' is none of [F64, F32, F16");
        }

        @Test
        void shapesThatOverflow() throws IOException {
            assertTensorDamaged(entry("a", "F32", "[-1]", "[0,4]"), "shape [-1] is negative or too large");
            assertTensorDamaged(entry("a", "F32", "[4294967296,4294967296]", "[0,4]"), "too large for any memory");
            assertTensorDamaged(entry("a", "F64", "[2305843009213693952]", "[0,4]"), "too large for any memory");
            assertTensorDamaged(entry("a", "F32", "[99999999999999999999]", "[0,4]"), "a number beyond 64 bits");
            assertTensorDamaged(
                    entry("a", "F32", "[1.0]", "[0,4]"), "shape holds something that is not a whole number");
            assertTensorDamaged(entry("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "shape has more than 8 numbers");
        }

        @Test
        void offsetsThatDoNotHoldTheTensor() throws IOException {
            assertTensorDamaged(entry("a", "F32", "[1]", "[0]"), "data_offsets must be two numbers");
            assertTensorDamaged(entry("a", "F32", "[1]", "[4,0]"), "data_offsets [4, 0] do not ascend");
            assertTensorDamaged(entry("a", "F32", "[1]", "[-4,0]"), "data_offsets [-4, 0] do not ascend");
            assertTensorDamaged(entry("a", "F32", "[2]", "[0,4]"), "hold 4 bytes, F32[2] needs 8");
            assertTensorDamaged(entry("a", "F32", "[1]", "[0,9223372036854775807]"), "end beyond the 4 bytes of data");
        }

        @Test
        void tensorsThatOverlapOrLeaveHoles() throws IOException {
            String first = entry("a", "I8", "[3]", "[0,3]") + ",";
            assertDamaged("{" + first + entry("b", "I8", "[2]", "[2,4]") + "}", 4, 61, "overlaps the tensor before it");
            assertDamaged("{" + first + entry("b", "I8", "[1]", "[4,5]") + "}", 5, 61, "leaves a hole before it");
            assertDamaged("{" + entry("a", "I8", "[3]", "[0,3]") + "}", 4, 8, "the tensors end at byte 3 of the data");
        }

        @Test
        void duplicateNamesAndKeys() throws IOException {
            String a = entry("a", "I8", "[4]", "[0,4]");
            assertDamaged("{" + a + "," + a + "}", 4, -1, "Duplicate field 'a'");
            assertTensorDamaged("\"a\":{\"dtype\":\"I8\",\"dtype\":\"I8\"}", "Duplicate field 'dtype'");
        }

        @Test
        void nestingAndWordsBeyondReason() throws IOException {
            assertDamaged("{\"__metadata__\":" + "[".repeat(5000), 0, -1, "the header is not valid JSON");
            assertDamaged("{\"" + "n".repeat(100_000) + "\":{}}", 0, -1, "the header is not valid JSON");
        }

        private void assertTensorDamaged(String entries, String fault) throws IOException {
            assertDamaged("{" + entries + "}", 4, -1, fault);
        }

        private void assertDamaged(String header, int dataBytes, long offset, String fault) throws IOException {
            byte[] json = header.getBytes(StandardCharsets.UTF_8);
            ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
            assertDamaged(bytes.putLong(json.length).put(json).array(), offset, fault);
        }

        private void assertDamaged(byte[] bytes, long offset, String fault) throws IOException {
            Path path = Files.write(directory.resolve("bad.safetensors"), bytes);
            assertThatExceptionOfType(EngineException.class)
                    .isThrownBy(() -> SafetensorsFile.open(path))
                    .withMessageStartingWith("bad.safetensors: ")
                    .withMessageContaining(fault)
                    .withMessageContaining("; the file is not a whole safetensors file: download or export it again")
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
                    .satisfies(e -> {
                        if (offset >= 0) {
                            assertThat(e.context()).containsEntry("offset", Long.toString(offset));
                        }
                    });
        }
    }
}
