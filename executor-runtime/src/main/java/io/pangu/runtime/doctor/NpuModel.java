package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import java.util.Optional;

/**
 * A kind of NPU that the engine has operators for.
 *
 * @param floats the element type in which it computes there
 * @param memory the kind of its memory
 */
record NpuModel(AclDataType floats, DeviceMemoryKind memory) {
    /** The kind of a SoC, for instance {@code Ascend910B2}; empty for others. */
    static Optional<NpuModel> of(String soc) {
        if (soc.startsWith("Ascend910B") || soc.startsWith("Ascend910_93")) {
            return Optional.of(new NpuModel(AclDataType.BFLOAT16, DeviceMemoryKind.HBM));
        }
        return soc.startsWith("Ascend310P")
                ? Optional.of(new NpuModel(AclDataType.FLOAT16, DeviceMemoryKind.DDR))
                : Optional.empty();
    }
}
