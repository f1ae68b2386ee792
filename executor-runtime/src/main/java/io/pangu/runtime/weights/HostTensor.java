package io.pangu.runtime.weights;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import java.lang.foreign.MemorySegment;

/**
 * A tensor of a checkpoint, in mapped host memory. Valid while its checkpoint is open.
 *
 * @param name as in the checkpoint
 * @param dtype element type as stored
 * @param shape extents, outermost first
 * @param data the elements, little-endian, row-major, exactly {@code shape.elements() * dtype.bytes()} bytes, read-only
 * @param file the file that holds it, for messages
 */
public record HostTensor(String name, DType dtype, Shape shape, MemorySegment data, String file) {}
