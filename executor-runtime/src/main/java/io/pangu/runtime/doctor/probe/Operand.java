package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclTensors;

/**
 * A tensor of a probe.
 *
 * @param tensor its descriptor; destroyed with the probe's device
 * @param view shape and type
 * @param address where it lies on the device
 * @param elements how many there are
 * @param values what it was made of, as doubles; zeros for an empty one, none for a mask
 */
record Operand(Acl.Tensor tensor, AclTensors.View view, long address, int elements, double[] values) {
    /** Its size on the device. */
    long bytes() {
        return (long) elements * view.dataType().bytes();
    }
}
