package io.pangu.examples.demo;

import io.pangu.examples.gguf.GgufTensor;
import java.util.Arrays;
import java.util.Random;

/**
 * A matrix whose rows are computed when they are asked for, so that a checkpoint can be written without ever being held.
 *
 * @param rows output features
 * @param cols input features
 * @param source where the rows come from
 */
record Matrix(int rows, int cols, RowSource source) {
    /** Writes one row into the first {@code cols} elements. */
    @FunctionalInterface
    interface RowSource {
        void read(int row, float[] into);
    }

    Matrix {
        if (rows <= 0 || cols <= 0) {
            throw new IllegalArgumentException(rows + " x " + cols);
        }
    }

    static Matrix of(GgufTensor tensor) {
        return new Matrix(tensor.rows(), tensor.cols(), tensor::readRow);
    }

    /** Every element the same. */
    static Matrix filled(int rows, int cols, float value) {
        return new Matrix(rows, cols, (row, into) -> Arrays.fill(into, 0, cols, value));
    }

    /** Normally distributed elements, the same for the same seed on every machine. */
    static Matrix gaussian(int rows, int cols, double deviation, long seed) {
        Random random = new Random(seed);
        float[] values = new float[Math.multiplyExact(rows, cols)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return new Matrix(rows, cols, (row, into) -> System.arraycopy(values, row * cols, into, 0, cols));
    }

    /** Rows {@code from} to {@code from + count}. */
    Matrix rows(int from, int count) {
        checkSlice(from, count, rows);
        return new Matrix(count, cols, (row, into) -> source.read(from + row, into));
    }

    /** Columns {@code from} to {@code from + count}. */
    Matrix columns(int from, int count) {
        checkSlice(from, count, cols);
        float[] whole = new float[cols];
        return new Matrix(rows, count, (row, into) -> {
            source.read(row, whole);
            System.arraycopy(whole, from, into, 0, count);
        });
    }

    /**
     * The rows of each head in the order of rotate-half positions, from the interleaved order in which GGUF files hold
     * them: row {@code i + s * headDim / 2} of a head was row {@code 2 * i + s}, s = 0, 1.
     */
    Matrix rotateHalf(int headDim) {
        int half = headDim / 2;
        return new Matrix(rows, cols, (row, into) -> {
            int within = row % headDim;
            source.read(row - within + 2 * (within % half) + within / half, into);
        });
    }

    private static void checkSlice(int from, int count, int extent) {
        if (from < 0 || count < 0 || from + (long) count > extent) {
            throw new IllegalArgumentException("slice " + from + " + " + count + " of " + extent);
        }
    }
}
