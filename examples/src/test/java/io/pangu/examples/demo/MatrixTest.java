package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MatrixTest {
    /** Element (r, c) is 100 r + c. */
    private static Matrix numbered(int rows, int cols) {
        return new Matrix(rows, cols, (row, into) -> {
            for (int c = 0; c < cols; c++) {
                into[c] = 100 * row + c;
            }
        });
    }

    @Test
    void slicesRowsAndColumns() {
        assertThat(all(numbered(5, 4).rows(1, 3).columns(2, 2)))
                .isDeepEqualTo(new float[][] {{102, 103}, {202, 203}, {302, 303}});
        assertThat(all(numbered(5, 4).columns(1, 2).rows(4, 1))).isDeepEqualTo(new float[][] {{401, 402}});
    }

    @Test
    void refusesSlicesOutside() {
        assertThatIllegalArgumentException().isThrownBy(() -> numbered(5, 4).rows(3, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> numbered(5, 4).columns(-1, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> numbered(5, 4).rows(2, 0));
    }

    @Test
    void rotateHalfTakesEvenRowsOfEachHeadFirst() {
        float[][] rows = all(numbered(12, 1).rotateHalf(6));
        int[] order = {0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11};
        for (int i = 0; i < order.length; i++) {
            assertThat(rows[i][0]).isEqualTo(100f * order[i]);
        }
    }

    @Test
    void rotateHalfUndoesThePermutationOfGgufFiles() {
        // The permutation that converters apply: [heads, 2, headDim / 2] with the middle axes swapped.
        int heads = 3;
        int headDim = 8;
        int half = headDim / 2;
        int[] source = new int[heads * headDim];
        for (int h = 0; h < heads; h++) {
            for (int s = 0; s < 2; s++) {
                for (int i = 0; i < half; i++) {
                    source[h * headDim + 2 * i + s] = h * headDim + s * half + i;
                }
            }
        }
        Matrix permuted = new Matrix(source.length, 1, (row, into) -> into[0] = source[row]);
        float[][] back = all(permuted.rotateHalf(headDim));
        for (int row = 0; row < back.length; row++) {
            assertThat(back[row][0]).isEqualTo(row);
        }
    }

    @Test
    void gaussianIsTheSameForTheSameSeedAndHasItsDeviation() {
        float[][] values = all(Matrix.gaussian(64, 128, 1e-4, 5));
        assertThat(all(Matrix.gaussian(64, 128, 1e-4, 5))).isDeepEqualTo(values);
        assertThat(all(Matrix.gaussian(64, 128, 1e-4, 6))[0]).isNotEqualTo(values[0]);
        double sum = 0;
        for (float[] row : values) {
            for (float value : row) {
                sum += value * value;
            }
        }
        assertThat(Math.sqrt(sum / (64 * 128))).isCloseTo(1e-4, within(3e-6));
    }

    @Test
    void filledIsTheSameEverywhere() {
        assertThat(all(Matrix.filled(2, 3, 16))).isDeepEqualTo(new float[][] {{16, 16, 16}, {16, 16, 16}});
    }

    static float[][] all(Matrix matrix) {
        float[][] rows = new float[matrix.rows()][matrix.cols()];
        for (int r = 0; r < rows.length; r++) {
            matrix.source().read(r, rows[r]);
        }
        return rows;
    }
}
