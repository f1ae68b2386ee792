package io.pangu.runtime.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.HostTensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostMatrixTest {
    private static final int ROWS = 5;
    private static final int COLS = 7;

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "I8"})
    void readsRowsOfEveryWeightType(DType dtype) {
        HostMatrix matrix = matrix(dtype);
        for (int row = 0; row < ROWS; row++) {
            assertThat(row(matrix, row)).containsExactly(expected(row, 0, COLS));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "I8"})
    void slicesOfSlicesReadTheSameElements(DType dtype) {
        HostMatrix slice = matrix(dtype).rows(1, 4).columns(2, 5).rows(1, 2).columns(1, 3);
        assertThat(slice.rows()).isEqualTo(2);
        assertThat(slice.cols()).isEqualTo(3);
        assertThat(row(slice, 0)).containsExactly(expected(2, 3, 3));
        assertThat(row(slice, 1)).containsExactly(expected(3, 3, 3));
    }

    @Test
    void slicesAtTheEdgesStayInside() {
        HostMatrix matrix = matrix(DType.BF16);
        assertThat(row(matrix.rows(ROWS - 1, 1).columns(COLS - 1, 1), 0))
                .containsExactly(expected(ROWS - 1, COLS - 1, 1));
        assertThat(matrix.rows(ROWS, 0).rows()).isZero();
        assertThat(matrix.columns(COLS, 0).cols()).isZero();
    }

    @Test
    void aVectorIsOneRow() {
        HostTensor tensor = new HostTensor("v", DType.F32, Shape.of(3), bytes(DType.F32), "f");
        HostMatrix matrix = HostMatrix.of(tensor);
        assertThat(matrix.rows()).isOne();
        assertThat(row(matrix, 0)).containsExactly(expected(0, 0, 3));
    }

    @Test
    void refusesSlicesAndShapesOutside() {
        HostMatrix matrix = matrix(DType.F32);
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.rows(3, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.rows(-1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> matrix.columns(Integer.MAX_VALUE, Integer.MAX_VALUE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HostMatrix(matrix.data(), DType.F32, ROWS + 1, COLS, COLS * 4L, "x"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HostMatrix(matrix.data(), DType.F32, 2, COLS, COLS * 4L - 1, "x"));
        HostTensor cube = new HostTensor("c", DType.F32, Shape.of(1, ROWS, COLS), matrix.data(), "f");
        assertThatIllegalArgumentException().isThrownBy(() -> HostMatrix.of(cube));
    }

    private static HostMatrix matrix(DType dtype) {
        return HostMatrix.of(new HostTensor("w", dtype, Shape.of(ROWS, COLS), bytes(dtype), "f"));
    }

    /** Small integers, which every type holds exactly; read from an odd address as a file may place them. */
    private static MemorySegment bytes(DType dtype) {
        ByteBuffer buffer = ByteBuffer.allocate(1 + ROWS * COLS * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        buffer.put((byte) 99);
        for (int i = 0; i < ROWS * COLS; i++) {
            float value = value(i);
            switch (dtype) {
                case F32 -> buffer.putFloat(value);
                case F16 -> buffer.putShort(Float.floatToFloat16(value));
                case BF16 -> buffer.putShort(FloatFormat.floatToBf16(value));
                default -> buffer.put((byte) value);
            }
        }
        return MemorySegment.ofArray(buffer.array()).asSlice(1);
    }

    private static float value(int i) {
        return i * 3 - 50;
    }

    private static float[] expected(int row, int from, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = value(row * COLS + from + i);
        }
        return values;
    }

    private static float[] row(HostMatrix matrix, int row) {
        float[] values = new float[matrix.cols()];
        matrix.readRow(row, values);
        return values;
    }
}
