package io.pangu.spark.engine;

import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * Which devices this executor may use. The plugin knows all that Spark gave to the executor and says so here; without it a
 * task's own share is what is known. Empty where Spark assigns none, as on CPUs.
 */
public final class DeviceAssignment {
    /** Spark's name of the resource: {@code spark.executor.resource.npu.amount}. */
    public static final String RESOURCE = "npu";

    private static volatile List<String> ofExecutor = List.of();

    private DeviceAssignment() {}

    /** Notes the devices of this executor. */
    public static void assign(List<String> addresses) {
        ofExecutor = List.copyOf(addresses);
    }

    /** The settings with this executor's devices, unless they name devices already. */
    static EngineSettings applyTo(EngineSettings settings) {
        if (!settings.deviceAddresses().isEmpty()) {
            return settings;
        }
        List<String> addresses = ofExecutor.isEmpty() ? ofTask() : ofExecutor;
        return addresses.isEmpty() ? settings : new EngineSettings(settings.model(), settings.options(), addresses);
    }

    private static List<String> ofTask() {
        TaskContext task = TaskContext.get();
        if (task == null) {
            return List.of();
        }
        ResourceInformation devices = task.resourcesJMap().get(RESOURCE);
        return devices == null ? List.of() : List.of(devices.addresses());
    }
}
