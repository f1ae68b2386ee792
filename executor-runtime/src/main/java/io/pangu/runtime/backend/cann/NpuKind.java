package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;

/** Kinds of NPUs that there are kernels for. */
enum NpuKind {
    /** Atlas A2 and A3. */
    ASCEND_910(DType.BF16, DeviceMemoryKind.HBM),
    /** Inference cards, whose kernels have no bf16. */
    ASCEND_310P(DType.F16, DeviceMemoryKind.DDR);

    private final DType activationType;
    private final DeviceMemoryKind memory;

    NpuKind(DType activationType, DeviceMemoryKind memory) {
        this.activationType = activationType;
        this.memory = memory;
    }

    /**
     * The kind of a SoC, for instance {@code Ascend910B2}.
     *
     * @throws EngineException {@code BACKEND_UNAVAILABLE} for others
     */
    static NpuKind of(String soc) {
        if (soc.startsWith("Ascend910B") || soc.startsWith("Ascend910_93")) {
            return ASCEND_910;
        }
        if (soc.startsWith("Ascend310P")) {
            return ASCEND_310P;
        }
        throw new EngineException(
                ErrorCode.BACKEND_UNAVAILABLE,
                "NPU '" + soc + "' is none that this backend has operators for: Ascend910B, Ascend910_93, Ascend310P;"
                        + " use backend cpu");
    }

    DType activationType() {
        return activationType;
    }

    DeviceMemoryKind memory() {
        return memory;
    }
}
