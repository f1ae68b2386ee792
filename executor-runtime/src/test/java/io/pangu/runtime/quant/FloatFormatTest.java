package io.pangu.runtime.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Arrays of floats in the formats of devices. */
class FloatFormatTest {
    private static float[] roundTrip(float[] values, DType dtype) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * dtype.bytes()]);
        FloatFormat.encode(values, values.length, dtype, bytes);
        float[] back = new float[values.length + 2];
        FloatFormat.decode(bytes, dtype, back, 1, values.length);
        assertThat(back[0]).isZero();
        assertThat(back[values.length + 1]).isZero();
        return Arrays.copyOfRange(back, 1, values.length + 1);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F64", "F32", "F16", "BF16"})
    void everyFormatKeepsWhatItHas(DType dtype) {
        float[] exact = {0, -0f, 1, -2.5f, 1 / 128f, Float.POSITIVE_INFINITY, Float.NaN};
        assertThat(roundTrip(exact, dtype)).containsExactly(exact);
    }

    @Test
    void twoByteFormatsRoundToTheNearestTiesToEven() {
        // 1 + 2^-8 lies between two bf16, 1 + 3 * 2^-8 too: the even ones are 1 and 1 + 2^-6
        assertThat(roundTrip(new float[] {1 + 1 / 256f, 1 + 3 / 256f, 1.005f}, DType.BF16))
                .containsExactly(1f, 1 + 1 / 64f, 1 + 1 / 128f);
        assertThat(roundTrip(new float[] {1 + 1 / 2048f, 1 + 3 / 2048f, 70000f}, DType.F16))
                .containsExactly(1f, 1 + 1 / 512f, Float.POSITIVE_INFINITY);
        assertThat(roundTrip(new float[] {1 + 1 / 8388608f}, DType.F32)).containsExactly(1 + 1 / 8388608f);
    }

    @Test
    void whatIsNoFormatOfFloatsIsRefused() {
        MemorySegment bytes = MemorySegment.ofArray(new byte[8]);
        assertThatThrownBy(() -> FloatFormat.encode(new float[1], 1, DType.I32, bytes))
                .hasMessage("I32 is not a format of floats");
        assertThatThrownBy(() -> FloatFormat.decode(bytes, DType.I8, new float[1], 0, 1))
                .hasMessage("I8 is not a format of floats");
    }
}
