package io.pangu.runtime.quant;

import io.pangu.runtime.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * A weight matrix or a slice of one in host memory, rows are output features. Owns nothing; valid while the checkpoint
 * that it was cut from is open.
 *
 * @param data element (0, 0) lies at its start
 * @param dtype element type as stored: F32, F16, BF16 or I8
 * @param rows output features
 * @param cols input features
 * @param rowStrideBytes distance between rows, at least {@code cols * dtype.bytes()}; larger for a slice of columns
 * @param name the tensor that it came from, for messages
 */
public record HostMatrix(MemorySegment data, DType dtype, int rows, int cols, long rowStrideBytes, String name) {}
