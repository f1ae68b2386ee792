package io.pangu.spark.resource;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a process is told about NPUs from outside.
 *
 * @param deviceRoot the directory of the device nodes
 * @param npuSmi where the driver's {@code npu-smi} may be, tried in this order
 * @param runtimeVisible {@code ASCEND_RT_VISIBLE_DEVICES}, which CANN's runtime reads
 * @param granted {@code ASCEND_VISIBLE_DEVICES}, which the container runtime read when it made this container
 * @param lockDirectory where processes of this machine see each other's locks
 */
public record NpuEnvironment(
        Path deviceRoot,
        List<String> npuSmi,
        Optional<String> runtimeVisible,
        Optional<String> granted,
        Path lockDirectory) {
    static final String RUNTIME_VISIBLE = "ASCEND_RT_VISIBLE_DEVICES";
    static final String GRANTED = "ASCEND_VISIBLE_DEVICES";
    static final String DEVICE_ROOT = "PANGU_DEV_ROOT";
    static final String NPU_SMI = "PANGU_NPU_SMI";
    static final String LOCK_DIRECTORY = "PANGU_LOCK_DIR";

    /** The driver's installer puts the tool into directories that a daemon's path need not have. */
    private static final List<String> USUAL_NPU_SMI =
            List.of("npu-smi", "/usr/local/sbin/npu-smi", "/usr/local/bin/npu-smi");

    public NpuEnvironment {
        npuSmi = List.copyOf(npuSmi);
    }

    /** That of this process. */
    public static NpuEnvironment ofThisProcess() {
        return of(System.getenv());
    }

    /** The one that these environment variables describe. */
    static NpuEnvironment of(Map<String, String> variables) {
        return new NpuEnvironment(
                Path.of(variable(variables, DEVICE_ROOT).orElse("/dev")),
                variable(variables, NPU_SMI).map(List::of).orElse(USUAL_NPU_SMI),
                // Empty is not unset: it hides every device.
                Optional.ofNullable(variables.get(RUNTIME_VISIBLE)),
                variable(variables, GRANTED),
                // Not java.io.tmpdir: YARN gives each of its containers one of its own.
                Path.of(variable(variables, LOCK_DIRECTORY).orElse("/tmp")));
    }

    private static Optional<String> variable(Map<String, String> variables, String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
    }
}
