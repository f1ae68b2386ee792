package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The structures of the collectives, byte by byte. */
class HcclCommConfigTest {
    @Test
    void nothingSetIsVersionFiveWithEveryNumberMarkedAsNotSet() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = HcclCommConfig.DEFAULT.write(arena);
            assertThat(config.byteSize()).isEqualTo(300);
            assertThat(config.get(JAVA_LONG, 0)).isEqualTo(300);
            assertThat(config.get(JAVA_INT, 8)).isEqualTo(0xf0f0f0f0);
            assertThat(config.get(JAVA_INT, 12)).isEqualTo(5);
            assertThat(config.get(JAVA_LONG, 16)).isZero();
            assertThat(config.get(JAVA_INT, 24)).isEqualTo(-1);
            assertThat(config.get(JAVA_INT, 28)).isEqualTo(-1);
            assertThat(config.get(JAVA_BYTE, 32)).isZero();
            assertThat(config.get(JAVA_BYTE, 160)).isZero();
            assertThat(config.get(JAVA_INT, 288)).isZero();
            assertThat(config.get(JAVA_INT, 292)).isEqualTo(-1);
            assertThat(config.get(JAVA_INT, 296)).isEqualTo(-1);
        }
    }

    @Test
    void whatIsSetStandsAtItsPlace() {
        HcclCommConfig settings = new HcclCommConfig(OptionalInt.of(64), Optional.of(true), Optional.of("engine-7"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = settings.write(arena);
            assertThat(config.get(JAVA_INT, 24)).isEqualTo(64);
            assertThat(config.get(JAVA_INT, 28)).isEqualTo(1);
            assertThat(config.getString(32)).isEqualTo("engine-7");
            assertThat(config.get(JAVA_BYTE, 160)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 128, 200})
    void refusesANameThatDoesNotFit(int length) {
        assertThatThrownBy(() ->
                        new HcclCommConfig(OptionalInt.empty(), Optional.empty(), Optional.of("n".repeat(length))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name of " + length + " bytes");
    }

    @Test
    void refusesABufferOfNoSize() {
        assertThatThrownBy(() -> new HcclCommConfig(OptionalInt.of(0), Optional.empty(), Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 MB");
    }

    @Test
    void aRootInfoTravelsAsItsBytes() {
        byte[] bytes = new byte[HcclRootInfo.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 7);
        }
        assertThat(HcclRootInfo.BYTES).isEqualTo(4108);
        assertThat(HcclRootInfo.of(bytes).toBytes()).isEqualTo(bytes);
        assertThatThrownBy(() -> HcclRootInfo.of(new byte[4107]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4107");
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLOAT32 4", "FLOAT16 3", "BFLOAT16 11", "INT8 0", "INT32 2", "INT64 5", "UINT8 7"})
    void typesOfOperatorsAreTranslated(String pair) {
        String[] parts = pair.split(" ", -1);
        assertThat(HcclDataType.of(AclDataType.valueOf(parts[0])).code()).isEqualTo(Integer.parseInt(parts[1]));
    }

    @Test
    void typesHaveTheSameSizeOnBothSides() {
        for (AclDataType type : AclDataType.values()) {
            if (type != AclDataType.BOOL) {
                assertThat(HcclDataType.of(type).bytes()).isEqualTo(type.bytes());
            }
            assertThat(AclDataType.ofCode(type.code())).contains(type);
        }
        assertThatThrownBy(() -> HcclDataType.of(AclDataType.BOOL)).isInstanceOf(IllegalArgumentException.class);
        assertThat(AclDataType.ofCode(29)).isEmpty();
    }
}
