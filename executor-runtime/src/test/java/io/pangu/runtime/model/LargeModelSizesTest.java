package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sizes and positions as the 72B model has them: 46 layers, 8 kv heads of 128, a context of 131072 tokens. */
class LargeModelSizesTest {
    private static final int CONTEXT = 131_072;
    private static final long GIB = 1L << 30;

    /** Keys and values of 16 tokens in fp32 over all layers. */
    private static final long BLOCK_BYTES = 2L * 8 * 128 * 16 * 4 * 46;

    private final KvCacheSize size = new KvCacheSize(16, BLOCK_BYTES, 1);

    private static ModelConfig config() {
        return new ModelConfig(
                ModelConfig.Architecture.PANGU_PRO_MOE,
                153_376,
                5120,
                46,
                40,
                8,
                128,
                new ModelConfig.GroupedExperts(80, 8, 1344, 5376),
                1e-5f,
                16_000_000,
                CONTEXT,
                false,
                Optional.of(1),
                List.of(45_892),
                DType.BF16);
    }

    @Test
    void aWholeContextTakesEightThousandBlocks() {
        ModelLimits limits = ModelLimits.of(EngineConfig.of("m"), config());
        assertThat(limits).isEqualTo(new ModelLimits(CONTEXT, 512, 64, 0));
        assertThat(size.blocks(limits, new DeviceMemory(512 * GIB, 400 * GIB)))
                .as("a quarter of what is free")
                .isEqualTo((int) (100 * GIB / BLOCK_BYTES));
        assertThat(size.blocks(limits, new DeviceMemory(512 * GIB, 100 * GIB)))
                .as("half of what is free, for one sequence")
                .isEqualTo(8192);
    }

    @Test
    void aCacheForLessThanAWholeContextIsRefusedWithTheBytesThatItTakes() {
        ModelLimits limits = ModelLimits.of(EngineConfig.of("m").withLimits(0, 0, 0, 40 * GIB), config());
        EngineException error = catchThrowableOfType(
                EngineException.class, () -> size.blocks(limits, new DeviceMemory(512 * GIB, 400 * GIB)));
        assertThat(error)
                .hasMessage("the key and value cache cannot hold one sequence of 131072 tokens: that takes 49392123904"
                        + " bytes, kvCacheBytes is 42949672960; lower maxContextLength, or give the cache more memory"
                        + " (kvCacheBytes)");
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        ModelLimits shorter = ModelLimits.of(EngineConfig.of("m").withLimits(32_768, 0, 0, 40 * GIB), config());
        assertThat(size.blocks(shorter, new DeviceMemory(512 * GIB, 400 * GIB)))
                .isEqualTo((int) (40 * GIB / BLOCK_BYTES));
    }

    @Test
    void anglesOfTheLastPositionAreExactToFp32() {
        int headDim = 128;
        double theta = 16_000_000;
        try (ReferenceDevice device = new ReferenceDevice();
                ResourceStack resources = new ResourceStack()) {
            RotaryTables tables = RotaryTables.make(new DeviceTensors(device, resources), CONTEXT, headDim, theta);
            for (int position : new int[] {0, 1, 4095, 65_537, CONTEXT - 1}) {
                float[] cos = row(device, tables.cos(), position);
                float[] sin = row(device, tables.sin(), position);
                assertThat(cos).hasSize(128);
                assertThat(Arrays.copyOfRange(cos, 64, 128)).containsExactly(Arrays.copyOf(cos, 64));
                assertThat(Arrays.copyOfRange(sin, 64, 128)).containsExactly(Arrays.copyOf(sin, 64));
                for (int t = 0; t < 64; t++) {
                    double angle = angle(position, theta, t, headDim);
                    assertThat((double) cos[t])
                            .as("cos of %d, %d", position, t)
                            .isCloseTo(Math.cos(angle), within(2e-7));
                    assertThat((double) sin[t])
                            .as("sin of %d, %d", position, t)
                            .isCloseTo(Math.sin(angle), within(2e-7));
                }
            }
        }
    }

    /** The angle modulo a turn, the frequency's own rounding aside, in arithmetic that does not lose the turn. */
    private static double angle(int position, double theta, int t, int headDim) {
        BigDecimal frequency = new BigDecimal(Math.pow(theta, -2.0 * t / headDim));
        BigDecimal turn = new BigDecimal("6.28318530717958647692528676655900576839433879875021164194988918");
        BigDecimal whole = frequency.multiply(BigDecimal.valueOf(position));
        return whole.remainder(turn, new MathContext(60)).doubleValue();
    }

    private static float[] row(ReferenceDevice device, Tensor table, int position) {
        float[] values = new float[table.rowElements()];
        new HostReader(device, values.length).floats(table.rows(position, 1), values, 0);
        return values;
    }
}
