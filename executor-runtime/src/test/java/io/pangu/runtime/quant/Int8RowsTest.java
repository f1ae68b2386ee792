package io.pangu.runtime.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Int8RowsTest {
    @Test
    void theLargestElementBecomes127AndTiesGoToEven() {
        byte[] into = new byte[6];
        float scale = Int8Rows.quantize(new float[] {-127, 0.5f, 1.5f, -2.5f, 126.5f, 0}, 6, into);
        assertThat(scale).isEqualTo(1f);
        assertThat(into).containsExactly(-127, 0, 2, -2, 126, 0);
    }

    @Test
    void noElementIsFurtherThanHalfAStep() {
        Random random = new Random(3);
        float[] row = new float[257];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) random.nextGaussian() * 0.02f;
        }
        byte[] into = new byte[row.length];
        float scale = Int8Rows.quantize(row, row.length, into);
        for (int i = 0; i < row.length; i++) {
            assertThat((double) into[i] * scale).isCloseTo(row[i], within(scale * 0.5001));
        }
    }

    @Test
    void zerosHaveScaleZero() {
        byte[] into = {1, 2, 3};
        assertThat(Int8Rows.quantize(new float[3], 3, into)).isZero();
        assertThat(into).containsOnly(0);
    }

    @Test
    void onlyTheFirstElementsCount() {
        byte[] into = new byte[2];
        assertThat(Int8Rows.quantize(new float[] {127, 1, 1000}, 2, into)).isEqualTo(1f);
        assertThat(into).containsExactly(127, 1);
    }

    @Test
    void staysWithinItsRangeAtTheEdgeOfFloats() {
        byte[] into = new byte[3];
        Int8Rows.quantize(new float[] {Float.MIN_VALUE, -Float.MIN_VALUE * 100, Float.MIN_VALUE * 200}, 3, into);
        for (byte value : into) {
            assertThat((int) value).isBetween(-127, 127);
        }
        assertThat(Int8Rows.quantize(new float[] {Float.MAX_VALUE, 0, 0}, 3, into))
                .isEqualTo(Float.MAX_VALUE / 127f);
        assertThat(into).containsExactly(127, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void refusesWhatIsNotFinite(float value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Int8Rows.quantize(new float[] {1, value}, 2, new byte[2]))
                .withMessageContaining("element 1");
    }
}
