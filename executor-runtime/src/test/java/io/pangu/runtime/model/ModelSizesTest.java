package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.DeviceMemory;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.quant.WeightScheme;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelSizesTest {
    @Nested
    class Limits {
        private final ModelConfig model = ModelConfigReader.read(
                ModelDirectory.open(GoldenCheckpoint.file("moge-tiny").toString()));

        private ModelLimits limits(int context, int batchTokens, int sequences) {
            return ModelLimits.of(EngineConfig.of("m").withLimits(context, batchTokens, sequences, 0), model);
        }

        @Test
        void takeTheModelsContextWhenTheUserNamesNone() {
            assertThat(limits(0, 0, 0)).isEqualTo(new ModelLimits(2048, 512, 64, 0));
            assertThat(limits(100, 0, 0).maxContextLength()).isEqualTo(100);
        }

        @Test
        void giveEverySequenceATokenOfEachStep() {
            assertThat(limits(0, 0, 1000)).isEqualTo(new ModelLimits(2048, 1000, 1000, 0));
            assertThat(limits(0, 10, 0)).isEqualTo(new ModelLimits(2048, 10, 10, 0));
            assertThat(limits(0, 10, 5)).isEqualTo(new ModelLimits(2048, 10, 5, 0));
            assertThatThrownBy(() -> limits(0, 10, 11)).hasMessageContaining("at least maxSequences");
        }

        @Test
        void refuseMoreContextThanTheModelHas() {
            EngineException error = catchThrowableOfType(EngineException.class, () -> limits(2049, 0, 0));
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
            assertThat(error).hasMessageContaining("2049").hasMessageContaining("2048");
        }
    }

    @Nested
    class CacheBlocks {
        private final KvCacheSize size = new KvCacheSize(16, 1000, 1);

        private int blocks(long kvCacheBytes, long freeBytes) {
            // A full sequence takes 7 blocks, all four together 28.
            return size.blocks(new ModelLimits(100, 8, 4, kvCacheBytes), new DeviceMemory(1 << 30, freeBytes));
        }

        @Test
        void areThoseThatTheUsersBytesHold() {
            assertThat(blocks(50_999, 0)).isEqualTo(50);
            assertThat(blocks(7_000, 0)).isEqualTo(7);
        }

        @Test
        void areNoMoreThanAllSequencesNeed() {
            assertThat(blocks(0, 1 << 30)).isEqualTo(28);
        }

        @Test
        void takeAQuarterOfFreeMemoryOrHalfForOneSequence() {
            assertThat(blocks(0, 80_000)).isEqualTo(20);
            assertThat(blocks(0, 27_999)).isEqualTo(7);
            assertThat(blocks(0, 14_000)).isEqualTo(7);
        }

        @Test
        void mustHoldOneSequence() {
            EngineException named = catchThrowableOfType(EngineException.class, () -> blocks(6_999, 1 << 30));
            assertThat(named.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
            assertThat(named).hasMessageContaining("7000 bytes").hasMessageContaining("lower maxContextLength");
            EngineException free = catchThrowableOfType(EngineException.class, () -> blocks(0, 13_999));
            assertThat(free.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            assertThat(free).hasMessageContaining("13999");
        }

        @Test
        void ofSeveralDevicesShareTheUsersBytesAndEachDevicesFreeMemory() {
            KvCacheSize quarter = new KvCacheSize(16, 250, 4);
            ModelLimits named = new ModelLimits(100, 8, 4, 50_999);
            assertThat(quarter.blocks(named, new DeviceMemory(1 << 30, 0))).isEqualTo(50);
            ModelLimits open = new ModelLimits(100, 8, 4, 0);
            assertThat(quarter.blocks(open, new DeviceMemory(1 << 30, 20_000))).isEqualTo(20);
            EngineException error = catchThrowableOfType(
                    EngineException.class,
                    () -> quarter.blocks(new ModelLimits(100, 8, 4, 6_999), new DeviceMemory(1 << 30, 0)));
            assertThat(error).hasMessageContaining("that takes 7000 bytes, kvCacheBytes is 6999");
        }

        @Test
        void areCountedByAnInt() {
            KvCacheSize tiny = new KvCacheSize(128, 1, 1);
            int blocks = tiny.blocks(new ModelLimits(100, 8, 4, Long.MAX_VALUE), new DeviceMemory(0, 0));
            assertThat((long) blocks * 128).isLessThanOrEqualTo(Integer.MAX_VALUE);
        }
    }

    @Nested
    class Schemes {
        @ParameterizedTest
        @EnumSource
        void keepTheRouterInFullPrecision(WeightPrecision precision) {
            assertThat(WeightSchemes.of(precision).router()).isEqualTo(WeightScheme.FLOAT32);
        }

        @Test
        void keepTheHeadOfAnInt8ModelInBf16() {
            assertThat(WeightSchemes.of(WeightPrecision.INT8))
                    .isEqualTo(new WeightSchemes(WeightScheme.W8A8_DYNAMIC, WeightScheme.FLOAT32, WeightScheme.BF16));
        }
    }

    @Nested
    class Resources {
        private final List<String> closed = new ArrayList<>();

        @Test
        void areClosedNewestFirstAndOnce() {
            ResourceStack stack = new ResourceStack();
            stack.own(() -> closed.add("first"));
            stack.own(() -> closed.add("second"));
            stack.close();
            stack.close();
            assertThat(closed).containsExactly("second", "first");
        }

        @Test
        void areAllClosedWhenOneFails() {
            ResourceStack stack = new ResourceStack();
            stack.own(() -> closed.add("first"));
            stack.own(() -> {
                throw new IllegalStateException("second");
            });
            stack.own(() -> {
                throw new Exception("third");
            });
            assertThatThrownBy(stack::close)
                    .hasRootCauseMessage("third")
                    .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
            assertThat(closed).containsExactly("first");
        }
    }
}
