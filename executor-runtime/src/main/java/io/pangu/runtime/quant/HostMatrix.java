package io.pangu.runtime.quant;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.weights.HostTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * A weight matrix or a slice of one in host memory, rows are output features. Owns nothing; valid while the checkpoint
 * that it was cut from is open. Elements lie little-endian at any alignment. A slice of rows takes their quantisation along, a
 * slice of columns keeps it.
 *
 * @param data element (0, 0) lies at its start
 * @param dtype element type as stored: F32, F16, BF16 or I8
 * @param rows output features
 * @param cols input features
 * @param rowStrideBytes distance between rows, at least {@code cols * dtype.bytes()}; larger for a slice of columns
 * @param name the tensor that it came from, for messages
 * @param quantization what stored int8 weights need besides; empty for floats
 */
public record HostMatrix(
        MemorySegment data,
        DType dtype,
        int rows,
        int cols,
        long rowStrideBytes,
        String name,
        Optional<RowQuantization> quantization) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public HostMatrix {
        long rowBytes = (long) cols * dtype.bytes();
        if (rows < 0 || cols < 0 || rowStrideBytes < rowBytes) {
            throw new IllegalArgumentException(
                    name + ": " + rows + " x " + cols + " rows of " + rowStrideBytes + " bytes");
        }
        if (rows > 0 && Math.addExact(Math.multiplyExact(rows - 1L, rowStrideBytes), rowBytes) > data.byteSize()) {
            throw new IllegalArgumentException(
                    name + ": " + rows + " x " + cols + " leaves its " + data.byteSize() + " bytes");
        }
        if (quantization.isPresent() && (dtype != DType.I8 || quantization.get().rows() != rows)) {
            throw new IllegalArgumentException(name + ": quantisation of "
                    + quantization.get().rows() + " rows for " + rows + " rows of " + dtype);
        }
    }

    /** Weights that are as the elements say. */
    public HostMatrix(MemorySegment data, DType dtype, int rows, int cols, long rowStrideBytes, String name) {
        this(data, dtype, rows, cols, rowStrideBytes, name, Optional.empty());
    }

    /** A whole tensor of two extents, or one row of a tensor of one. */
    public static HostMatrix of(HostTensor tensor) {
        int rank = tensor.shape().rank();
        if (rank != 1 && rank != 2) {
            throw new IllegalArgumentException(tensor.name() + " " + tensor.shape() + " is not a matrix");
        }
        int cols = Math.toIntExact(tensor.shape().dim(rank - 1));
        int rows = rank == 1 ? 1 : Math.toIntExact(tensor.shape().dim(0));
        long stride = (long) cols * tensor.dtype().bytes();
        return new HostMatrix(tensor.data(), tensor.dtype(), rows, cols, stride, tensor.name());
    }

    /** The same int8 elements with what they need besides. */
    public HostMatrix with(RowQuantization rowQuantization) {
        return new HostMatrix(data, dtype, rows, cols, rowStrideBytes, name, Optional.of(rowQuantization));
    }

    /** Rows {@code from} to {@code from + count}. */
    public HostMatrix rows(int from, int count) {
        checkSlice(from, count, rows);
        return new HostMatrix(
                data.asSlice(count == 0 ? 0 : from * rowStrideBytes),
                dtype,
                count,
                cols,
                rowStrideBytes,
                name,
                quantization.map(all -> all.rows(from, count)));
    }

    /** Columns {@code from} to {@code from + count}. */
    public HostMatrix columns(int from, int count) {
        checkSlice(from, count, cols);
        long offset = rows == 0 || count == 0 ? 0 : (long) from * dtype.bytes();
        return new HostMatrix(data.asSlice(offset), dtype, rows, count, rowStrideBytes, name, quantization);
    }

    /**
     * One row widened to fp32; int8 elements as whole numbers, without their scale.
     *
     * @param into at least {@code cols} elements; the first {@code cols} are written
     */
    public void readRow(int row, float[] into) {
        long at = row * rowStrideBytes;
        switch (dtype) {
            case F32 -> MemorySegment.copy(data, FLOAT, at, into, 0, cols);
            case BF16 -> {
                for (int i = 0; i < cols; i++) {
                    into[i] = FloatFormat.bf16ToFloat(data.get(SHORT, at + 2L * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < cols; i++) {
                    into[i] = Float.float16ToFloat(data.get(SHORT, at + 2L * i));
                }
            }
            case I8 -> {
                for (int i = 0; i < cols; i++) {
                    into[i] = data.get(ValueLayout.JAVA_BYTE, at + i);
                }
            }
            default -> throw new IllegalStateException(name + ": " + dtype + " is not a type of weights");
        }
    }

    private void checkSlice(int from, int count, int extent) {
        if (from < 0 || count < 0 || from + (long) count > extent) {
            throw new IllegalArgumentException(name + ": slice " + from + " + " + count + " of " + extent);
        }
    }
}
