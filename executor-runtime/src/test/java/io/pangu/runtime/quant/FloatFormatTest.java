package io.pangu.runtime.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FloatFormatTest {
    @Test
    void everyBf16SurvivesTheWayThroughFloat() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = FloatFormat.bf16ToFloat((short) bits);
            short back = FloatFormat.floatToBf16(value);
            if (Float.isNaN(value)) {
                assertThat(FloatFormat.bf16ToFloat(back)).isNaN();
            } else {
                assertThat(back).isEqualTo((short) bits);
            }
        }
    }

    @Test
    void roundsToTheNearestAndTiesToEven() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt(0x7f000000) & (i % 2 == 0 ? -1 : 0xffff8000));
            short rounded = FloatFormat.floatToBf16(value);
            BigDecimal error = distance(value, rounded);
            BigDecimal below = distance(value, (short) (rounded - 1));
            BigDecimal above = distance(value, (short) (rounded + 1));
            assertThat(error).isLessThanOrEqualTo(below).isLessThanOrEqualTo(above);
            if (error.compareTo(below) == 0 || error.compareTo(above) == 0) {
                assertThat(rounded & 1).as("tie of %s", value).isZero();
            }
        }
    }

    @Test
    void keepsNanAndOverflowsToInfinity() {
        assertThat(FloatFormat.bf16ToFloat(FloatFormat.floatToBf16(Float.NaN))).isNaN();
        // A NaN whose payload sits in the low half alone must not become infinity.
        assertThat(FloatFormat.bf16ToFloat(FloatFormat.floatToBf16(Float.intBitsToFloat(0x7f800001))))
                .isNaN();
        assertThat(FloatFormat.bf16ToFloat(FloatFormat.floatToBf16(Float.MAX_VALUE)))
                .isInfinite();
        assertThat(FloatFormat.floatToBf16(-0f)).isEqualTo((short) 0x8000);
    }

    private static BigDecimal distance(float value, short bf16) {
        float other = FloatFormat.bf16ToFloat(bf16);
        return Float.isFinite(other)
                ? new BigDecimal(value).subtract(new BigDecimal(other)).abs()
                : new BigDecimal(Double.MAX_VALUE);
    }
}
