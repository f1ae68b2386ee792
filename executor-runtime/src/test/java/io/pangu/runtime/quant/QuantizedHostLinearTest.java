package io.pangu.runtime.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linear layers whose weights a checkpoint stores in int8: what goes together, and what slices and stacks take along. */
class QuantizedHostLinearTest {
    private static final InputQuantization A = new InputQuantization(0.5f, 3);
    private static final InputQuantization B = new InputQuantization(0.5f, 4);

    private static HostMatrix floats(int rows) {
        return new HostMatrix(MemorySegment.ofArray(new float[rows * 4]), DType.F32, rows, 4, 16, "floats");
    }

    private static HostMatrix int8(int rows) {
        byte[] values = new byte[rows * 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) i;
        }
        return new HostMatrix(MemorySegment.ofArray(values), DType.I8, rows, 4, 4, "int8");
    }

    private static HostMatrix fixed(InputQuantization input, int rows) {
        float[] scales = new float[rows];
        int[] bias = new int[rows];
        for (int i = 0; i < rows; i++) {
            scales[i] = 10 + i;
            bias[i] = 100 + i;
        }
        return int8(rows).with(new RowQuantization.Static(input, scales, bias));
    }

    private static HostMatrix dynamic(int rows) {
        return int8(rows).with(new RowQuantization.Dynamic(new float[rows]));
    }

    private static HostLinear layer(WeightScheme scheme, HostMatrix... parts) {
        return new HostLinear(List.of(parts), Optional.empty(), scheme);
    }

    @Nested
    class Parts {
        @Test
        void areOfAKindThatTheSchemeHolds() {
            for (WeightScheme floats : List.of(WeightScheme.FLOAT32, WeightScheme.BF16)) {
                assertThat(layer(floats, floats(2)).outFeatures()).isEqualTo(2);
                assertThatIllegalArgumentException().isThrownBy(() -> layer(floats, dynamic(2)));
                assertThatIllegalArgumentException().isThrownBy(() -> layer(floats, floats(1), fixed(A, 2)));
            }
            assertThat(layer(WeightScheme.W8A8_DYNAMIC, floats(1), dynamic(2)).outFeatures())
                    .isEqualTo(3);
            assertThatIllegalArgumentException().isThrownBy(() -> layer(WeightScheme.W8A8_DYNAMIC, fixed(A, 2)));
            assertThat(layer(WeightScheme.W8A8_STATIC, fixed(A, 1), fixed(B, 2)).outFeatures())
                    .isEqualTo(3);
            assertThatIllegalArgumentException().isThrownBy(() -> layer(WeightScheme.W8A8_STATIC, floats(2)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> layer(WeightScheme.W8A8_STATIC, fixed(A, 1), dynamic(2)))
                    .withMessageContaining("W8A8Static")
                    .withMessageContaining("int8");
        }

        @Test
        void ofFixedQuantisationHaveNoFloatBias() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            new HostLinear(List.of(fixed(A, 2)), Optional.of(new float[2]), WeightScheme.W8A8_STATIC))
                    .withMessageContaining("bias");
        }
    }

    @Nested
    class ByInput {
        private List<List<Integer>> rows(HostLinear layer) {
            return layer.byInput().stream()
                    .map(run -> run.parts().stream().map(HostMatrix::rows).toList())
                    .toList();
        }

        @Test
        void isTheLayerItselfWhereNothingIsFixed() {
            HostLinear floats =
                    new HostLinear(List.of(floats(1), floats(2)), Optional.of(new float[3]), WeightScheme.BF16);
            assertThat(floats.byInput()).containsExactly(floats);
            assertThat(floats.input()).isEmpty();
            assertThat(layer(WeightScheme.W8A8_DYNAMIC, dynamic(1), dynamic(2)).byInput())
                    .hasSize(1);
        }

        @Test
        void joinsNeighboursThatWantTheSame() {
            HostLinear layer = layer(WeightScheme.W8A8_STATIC, fixed(A, 1), fixed(A, 2), fixed(B, 3), fixed(A, 4));
            assertThat(rows(layer)).containsExactly(List.of(1, 2), List.of(3), List.of(4));
            assertThat(layer.byInput().stream().map(run -> run.input().orElseThrow()))
                    .containsExactly(A, B, A);
            assertThat(layer.input()).as("not one").isEmpty();
        }

        @Test
        void isOneRunWhereAllWantTheSame() {
            HostLinear layer =
                    layer(WeightScheme.W8A8_STATIC, fixed(A, 1), fixed(new InputQuantization(0.5f, 3), 2), fixed(A, 3));
            assertThat(rows(layer)).containsExactly(List.of(1, 2, 3));
            assertThat(layer.input()).hasValue(A);
        }
    }

    @Nested
    class Slices {
        @Test
        void ofRowsTakeTheirScalesAndBiasesAlong() {
            HostMatrix slice = fixed(A, 9).rows(2, 5).rows(1, 3);
            RowQuantization.Static rows =
                    (RowQuantization.Static) slice.quantization().orElseThrow();
            assertThat(rows.rows()).isEqualTo(3);
            assertThat(rows.scales()).containsExactly(13, 14, 15);
            assertThat(rows.bias()).containsExactly(103, 104, 105);
            assertThat(rows.input()).isEqualTo(A);
            float[] row = new float[4];
            slice.readRow(0, row);
            assertThat(row).containsExactly(12, 13, 14, 15);
        }

        @Test
        void ofColumnsKeepThem() {
            HostMatrix slice = fixed(A, 3).columns(1, 2);
            RowQuantization rows = slice.quantization().orElseThrow();
            assertThat(rows.rows()).isEqualTo(3);
            assertThat(rows.scale(2)).isEqualTo(12);
        }

        @Test
        void ofInputsQuantisedByRowDoToo() {
            HostMatrix whole = int8(3).with(new RowQuantization.Dynamic(new float[] {1, 2, 3}));
            assertThat(whole.rows(1, 2).quantization().orElseThrow().scale(1)).isEqualTo(3);
            assertThat(whole.columns(0, 1).quantization().orElseThrow().scale(0))
                    .isOne();
            assertThat(whole.rows(1, 0).quantization().orElseThrow().rows()).isZero();
        }

        @Test
        void leaveFloatsWithoutQuantisation() {
            assertThat(floats(3).rows(1, 1).quantization()).isEmpty();
            assertThat(floats(3).columns(1, 1).quantization()).isEmpty();
        }
    }

    @Nested
    class LayerSlices {
        private RowQuantization.Static stored(HostLinear layer, int part) {
            return (RowQuantization.Static)
                    layer.parts().get(part).quantization().orElseThrow();
        }

        @Test
        void ofRowsTakeScalesBiasesAndInputsOfTheirPartsAlong() {
            HostLinear stacked = HostLinear.stacked(List.of(
                    layer(WeightScheme.W8A8_STATIC, fixed(A, 4)), layer(WeightScheme.W8A8_STATIC, fixed(B, 3))));
            HostLinear slice = stacked.rows(2, 3);
            assertThat(slice.parts().stream().map(HostMatrix::rows)).containsExactly(2, 1);
            assertThat(slice.scheme()).isEqualTo(WeightScheme.W8A8_STATIC);
            assertThat(stored(slice, 0).bias()).containsExactly(102, 103);
            assertThat(stored(slice, 0).scales()).containsExactly(12, 13);
            assertThat(stored(slice, 1).bias()).containsExactly(100);
            assertThat(slice.byInput().stream().map(run -> run.input().orElseThrow()))
                    .containsExactly(A, B);
        }

        @Test
        void ofColumnsKeepAllScalesAndBiasesWhateverTheSlice() {
            HostLinear whole = layer(WeightScheme.W8A8_STATIC, fixed(A, 3));
            for (int column = 0; column < 4; column++) {
                HostLinear slice = whole.columns(column, 1);
                assertThat(slice.input()).hasValue(A);
                assertThat(stored(slice, 0).scales()).containsExactly(10, 11, 12);
                assertThat(stored(slice, 0).bias()).containsExactly(100, 101, 102);
                assertThat(stored(slice.withoutBias(), 0).scales()).containsExactly(10, 11, 12);
                assertThat(stored(slice.withoutBias(), 0).bias()).containsOnly(0);
            }
        }

        @Test
        void ofDynamicLayersCutScalesAndFloatBiasesAlike() {
            HostMatrix int8 = int8(3).with(new RowQuantization.Dynamic(new float[] {1, 2, 3}));
            HostLinear layer =
                    new HostLinear(List.of(int8), Optional.of(new float[] {-1, -2, -3}), WeightScheme.W8A8_DYNAMIC);
            HostLinear slice = layer.rows(1, 2).columns(2, 2);
            RowQuantization scales = slice.parts().get(0).quantization().orElseThrow();
            assertThat(scales.scale(0)).isEqualTo(2);
            assertThat(scales.scale(1)).isEqualTo(3);
            assertThat(slice.bias().orElseThrow()).containsExactly(-2, -3);
        }
    }

    @Nested
    class WithoutBias {
        @Test
        void dropsFloatsAndZeroesIntegers() {
            HostLinear floats = new HostLinear(List.of(floats(2)), Optional.of(new float[2]), WeightScheme.BF16);
            assertThat(floats.withoutBias().bias()).isEmpty();
            HostLinear fixed =
                    layer(WeightScheme.W8A8_STATIC, fixed(A, 2), fixed(B, 1)).withoutBias();
            RowQuantization.Static rows =
                    (RowQuantization.Static) fixed.parts().get(0).quantization().orElseThrow();
            assertThat(rows.bias()).containsExactly(0, 0);
            assertThat(rows.scales()).containsExactly(10, 11);
            assertThat(fixed.byInput()).hasSize(2);
            RowQuantization.Dynamic dynamic = new RowQuantization.Dynamic(new float[] {7});
            HostLinear unbiased =
                    layer(WeightScheme.W8A8_DYNAMIC, int8(1).with(dynamic)).withoutBias();
            assertThat(unbiased.parts().get(0).quantization()).hasValue(dynamic);
        }
    }

    @Nested
    class Quantisations {
        @Test
        void areOfAsManyRowsAsTheirInt8Matrix() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> int8(3).with(new RowQuantization.Dynamic(new float[2])))
                    .withMessage("int8: quantisation of 2 rows for 3 rows of I8");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> floats(2).with(new RowQuantization.Dynamic(new float[2])))
                    .withMessageContaining("F32");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new RowQuantization.Static(A, new float[2], new int[3]))
                    .withMessage("2 scales for 3 biases");
        }

        @ParameterizedTest
        @CsvSource({"0, 0", "-1, 0", "NaN, 0", "Infinity, 0", "1, NaN", "1, Infinity", "1, -Infinity"})
        void ofInputsAreNumbersWithAPositiveScale(float scale, float offset) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new InputQuantization(scale, offset))
                    .withMessage("inputs cannot have scale " + scale + " and offset " + offset);
        }
    }
}
