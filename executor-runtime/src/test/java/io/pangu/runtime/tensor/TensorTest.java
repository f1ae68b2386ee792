package io.pangu.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorTest {
    private record Memory(long sizeBytes) implements DeviceBuffer {
        @Override
        public void close() {
            // Only its size is looked at.
        }
    }

    private final Memory buffer = new Memory(1000);

    @Nested
    class Shapes {
        @Test
        void haveExtentsAndTheirProduct() {
            Shape shape = Shape.of(3, 4, 5);
            assertThat(shape.rank()).isEqualTo(3);
            assertThat(shape.dim(0)).isEqualTo(3);
            assertThat(shape.dim(2)).isEqualTo(5);
            assertThat(shape.elements()).isEqualTo(60);
            assertThat(shape).hasToString("[3, 4, 5]");
            assertThat(Shape.of()).hasToString("[]");
            assertThat(Shape.of().elements()).as("a scalar").isEqualTo(1);
            assertThat(Shape.of(7, 0).elements()).isZero();
        }

        @Test
        void compareByTheirExtents() {
            assertThat(Shape.of(2, 3)).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
            assertThat(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2)).isNotEqualTo(Shape.of(6));
            Object text = "[2, 3]";
            assertThat(Shape.of(2, 3)).isNotEqualTo(text);
        }

        @Test
        void cannotBeChangedFromOutside() {
            long[] dims = {2, 3};
            Shape shape = Shape.of(dims);
            dims[0] = 9;
            shape.dims()[1] = 9;
            assertThat(shape).isEqualTo(Shape.of(2, 3));
        }

        @Test
        void refuseWhatNoMemoryCanHave() {
            assertThatThrownBy(() -> Shape.of(2, -1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("negative extent in [2, -1]");
            assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 32))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("too many elements in [4294967296, 4294967296]");
            assertThat(Shape.of(131_072, 153_376, 2).elements()).isEqualTo(40_206_598_144L);
        }
    }

    @Nested
    class Views {
        @ParameterizedTest
        @CsvSource({"F64, 8", "F32, 4", "F16, 2", "BF16, 2", "I64, 8", "I32, 4", "I16, 2", "I8, 1", "U8, 1", "BOOL, 1"})
        void takeTheirTypesBytes(DType dtype, int bytes) {
            assertThat(dtype.bytes()).isEqualTo(bytes);
            assertThat(new Tensor(buffer, 0, dtype, Shape.of(5, 5)).sizeBytes()).isEqualTo(25L * bytes);
        }

        @Test
        void stayWithinTheirBuffer() {
            assertThat(new Tensor(buffer, 0, DType.F32, Shape.of(250)).sizeBytes())
                    .isEqualTo(1000);
            assertThat(new Tensor(buffer, 1000, DType.F32, Shape.of(0, 5)).sizeBytes())
                    .isZero();
            for (long offset : new long[] {-4, 4, 1001, Long.MIN_VALUE}) {
                assertThatThrownBy(() -> new Tensor(buffer, offset, DType.F32, Shape.of(250)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("view F32[250] at " + offset + " leaves its buffer of 1000 bytes");
            }
            assertThatThrownBy(() -> new Tensor(buffer, 0, DType.F64, Shape.of(1L << 61)))
                    .isInstanceOf(ArithmeticException.class);
        }

        @Test
        void ofRowsBeginWhereTheRowsDo() {
            Tensor tensor = new Tensor(buffer, 40, DType.F32, Shape.of(6, 2, 5));
            assertThat(tensor.rows()).isEqualTo(6);
            assertThat(tensor.rowElements()).isEqualTo(10);
            Tensor some = tensor.rows(2, 3);
            assertThat(some).isEqualTo(new Tensor(buffer, 40 + 80, DType.F32, Shape.of(3, 2, 5)));
            assertThat(some.rows(1, 1).offsetBytes()).isEqualTo(40 + 120);
            assertThat(tensor.firstRows(6)).isEqualTo(tensor);
            assertThat(tensor.rows(6, 0).sizeBytes()).isZero();
            for (int[] bad : new int[][] {{-1, 2}, {5, 2}, {0, 7}, {3, -1}, {Integer.MAX_VALUE, Integer.MAX_VALUE}}) {
                assertThatThrownBy(() -> tensor.rows(bad[0], bad[1]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("rows " + bad[0] + " + " + bad[1] + " of [6, 2, 5]");
            }
        }

        @Test
        void ofRowsFarOutAreCountedInLongs() {
            Memory large = new Memory(1L << 40);
            Tensor vocabulary = new Tensor(large, 0, DType.F32, Shape.of(153_376, 5120));
            assertThat(vocabulary.rows(153_375, 1).offsetBytes()).isEqualTo(153_375L * 5120 * 4);
            Tensor wide = new Tensor(large, 0, DType.I8, Shape.of(1L << 32, 3));
            assertThatThrownBy(wide::rows).isInstanceOf(ArithmeticException.class);
        }

        @Test
        void withoutRowsHaveNoRowElements() {
            Tensor none = new Tensor(buffer, 0, DType.F32, Shape.of(0, 7));
            assertThat(none.rows()).isZero();
            assertThat(none.rowElements()).isZero();
            assertThat(none.firstRows(0)).isEqualTo(none);
        }

        @Test
        void mayBeReadUnderOtherExtentsOfTheSameProduct() {
            Tensor tensor = new Tensor(buffer, 8, DType.F16, Shape.of(4, 6));
            assertThat(tensor.reshape(3, 8)).isEqualTo(new Tensor(buffer, 8, DType.F16, Shape.of(3, 8)));
            assertThatThrownBy(() -> tensor.reshape(5, 5))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("cannot view [4, 6] as [5, 5]");
        }
    }
}
