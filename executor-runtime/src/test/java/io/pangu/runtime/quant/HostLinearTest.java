package io.pangu.runtime.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Slices and stacks of linear layers; every weight and bias says where it came from. */
class HostLinearTest {
    private static final int COLUMNS = 5;

    /** Weight (r, c) is 100 * (firstRow + r) + c, the bias of row r is -(firstRow + r). */
    private static HostLinear layer(int firstRow, int rows) {
        float[] weights = new float[rows * COLUMNS];
        float[] bias = new float[rows];
        for (int r = 0; r < rows; r++) {
            bias[r] = -(firstRow + r);
            for (int c = 0; c < COLUMNS; c++) {
                weights[r * COLUMNS + c] = 100 * (firstRow + r) + c;
            }
        }
        HostMatrix matrix =
                new HostMatrix(MemorySegment.ofArray(weights), DType.F32, rows, COLUMNS, 4L * COLUMNS, "w" + firstRow);
        return new HostLinear(List.of(matrix), Optional.of(bias), WeightScheme.BF16);
    }

    private static HostLinear three() {
        return HostLinear.stacked(List.of(layer(0, 4), layer(4, 1), layer(5, 3)));
    }

    private static List<float[]> weights(HostLinear linear) {
        List<float[]> rows = new ArrayList<>();
        for (HostMatrix part : linear.parts()) {
            for (int r = 0; r < part.rows(); r++) {
                float[] row = new float[part.cols()];
                part.readRow(r, row);
                rows.add(row);
            }
        }
        return rows;
    }

    @Test
    void stackedLayersKeepTheirOrderAndTheirBiases() {
        HostLinear stacked = three();
        assertThat(stacked.outFeatures()).isEqualTo(8);
        assertThat(stacked.inFeatures()).isEqualTo(COLUMNS);
        assertThat(stacked.bias().orElseThrow()).containsExactly(0, -1, -2, -3, -4, -5, -6, -7);
        assertThat(weights(stacked)).hasSize(8).last().isEqualTo(new float[] {700, 701, 702, 703, 704});
        assertThat(stacked.scheme()).isEqualTo(WeightScheme.BF16);
    }

    @Test
    void everySliceOfRowsHasTheWeightsAndBiasesOfItsRows() {
        HostLinear whole = three();
        List<float[]> expected = weights(whole);
        for (int from = 0; from < 8; from++) {
            for (int count = 1; from + count <= 8; count++) {
                HostLinear slice = whole.rows(from, count);
                assertThat(slice.outFeatures()).isEqualTo(count);
                assertThat(weights(slice).toArray(float[][]::new))
                        .isDeepEqualTo(expected.subList(from, from + count).toArray(float[][]::new));
                for (int i = 0; i < count; i++) {
                    assertThat(slice.bias().orElseThrow()[i]).isEqualTo(-(from + i));
                }
            }
        }
    }

    @Test
    void aSliceOfColumnsHasAllRowsAndTheWholeBias() {
        HostLinear slice = three().columns(1, 3);
        assertThat(slice.inFeatures()).isEqualTo(3);
        assertThat(weights(slice)).hasSize(8).element(4).isEqualTo(new float[] {401, 402, 403});
        assertThat(slice.bias().orElseThrow()).hasSize(8);
        assertThat(slice.withoutBias().bias()).isEmpty();
        assertThat(weights(slice.withoutBias())).hasSize(8);
    }

    @Test
    void slicesOfSlicesAreCutFromTheSlice() {
        HostLinear slice = three().rows(2, 5).columns(2, 3).rows(1, 3).columns(1, 1);
        assertThat(weights(slice).toArray(float[][]::new)).isDeepEqualTo(new float[][] {{303}, {403}, {503}});
        assertThat(slice.bias().orElseThrow()).containsExactly(-3, -4, -5);
    }

    @Test
    void layersWithoutABiasStayWithoutOne() {
        HostLinear bare = layer(0, 2).withoutBias();
        assertThat(HostLinear.stacked(List.of(bare, bare)).bias()).isEmpty();
        assertThat(bare.rows(1, 1).bias()).isEmpty();
    }

    @Test
    void unequalLayersAndSlicesBeyondTheEndAreRefused() {
        HostLinear plain = layer(0, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostLinear.stacked(List.of(plain, plain.withoutBias())))
                .withMessageStartingWith("layers differ in bias or scheme");
        HostLinear other = new HostLinear(plain.parts(), plain.bias(), WeightScheme.FLOAT32);
        assertThatIllegalArgumentException().isThrownBy(() -> HostLinear.stacked(List.of(plain, other)));
        assertThatIllegalArgumentException().isThrownBy(() -> HostLinear.stacked(List.of(plain, plain.columns(0, 4))));
        for (int[] rows : new int[][] {{-1, 1}, {0, 0}, {0, 3}, {2, 1}, {1, Integer.MAX_VALUE}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> plain.rows(rows[0], rows[1]))
                    .withMessage("rows " + rows[0] + " + " + rows[1] + " of 2");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> plain.columns(3, 3));
    }
}
