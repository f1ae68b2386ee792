package io.pangu.spark.engine;

import io.pangu.spark.conf.PanguKeys;
import io.pangu.spark.resource.NpuResource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which devices this executor may use. The plugin knows all that Spark gave to the executor and says so here; without it a
 * task's own share is what is known. Only a backend whose devices serve one process at a time gets them: processors are nobody's
 * to assign, and engines that differ in nothing else must be one.
 */
public final class DeviceAssignment {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceAssignment.class);
    private static final AtomicBoolean IS_IGNORING_NOTED = new AtomicBoolean();

    private static volatile Map<String, List<String>> ofExecutor = Map.of();

    private DeviceAssignment() {}

    /** Notes what Spark assigned to this executor, by the resource's name. */
    public static void assign(Map<String, ResourceInformation> resources) {
        ofExecutor = addresses(resources);
        if (!ofExecutor.isEmpty()) {
            LOG.info("Spark assigned to this executor: {}", ofExecutor);
        }
    }

    /** What Spark assigned to this executor: addresses in Spark's order by the resource's name; empty without the plugin. */
    public static Map<String, List<String>> ofThisExecutor() {
        return ofExecutor;
    }

    /**
     * The settings with this executor's devices in Spark's order, unless they name devices already or their backend takes none.
     *
     * @throws EngineUnavailableException or {@link io.pangu.spark.resource.ResourceException} if it is not clear which devices
     *     are meant or their number is not the one that the settings want
     */
    static EngineSettings applyTo(EngineSettings settings) {
        return applyTo(settings, DeviceAssignment::deviceUse);
    }

    static EngineSettings applyTo(EngineSettings settings, Function<EngineSettings, DeviceUse> deviceUse) {
        Map<String, List<String>> assigned = ofExecutor.isEmpty() ? ofTask() : ofExecutor;
        // Nothing is asked of the backend where there is nothing to give it: that is every CPU cluster.
        if (assigned.isEmpty() || !settings.deviceAddresses().isEmpty()) {
            return settings;
        }
        Optional<String> configured = Optional.ofNullable(settings.options().get(PanguKeys.RESOURCE.name()));
        DeviceUse use = deviceUse.apply(settings);
        if (use == DeviceUse.SHARED) {
            noteThatTheyAreIgnored(assigned, configured, settings);
        }
        if (use != DeviceUse.EXCLUSIVE) {
            return settings;
        }
        Optional<String> resource = NpuResource.among(assigned.keySet(), configured);
        if (resource.isEmpty()) {
            return settings;
        }
        List<String> addresses = assigned.getOrDefault(resource.get(), List.of());
        DeviceCount.check(settings, resource.get(), addresses);
        return new EngineSettings(settings.model(), settings.options(), addresses);
    }

    private static DeviceUse deviceUse(EngineSettings settings) {
        // A Java that is too old for the engine cannot load the class that asks the runtime either.
        return JavaRequirement.isMet() ? BackendChoice.deviceUse(settings) : DeviceUse.UNKNOWN;
    }

    private static void noteThatTheyAreIgnored(
            Map<String, List<String>> assigned, Optional<String> configured, EngineSettings settings) {
        boolean hasNpus = assigned.keySet().stream().anyMatch(name -> NpuResource.isNpu(name, configured));
        if (hasNpus && IS_IGNORING_NOTED.compareAndSet(false, true)) {
            String backend = settings.options().getOrDefault(PanguKeys.BACKEND.name(), "auto");
            if (backend.equals("auto")) {
                LOG.warn(
                        "Spark assigned {} to this executor, but no backend that uses them can run here: its engine runs on"
                                + " the CPU. Set {} to say which one you want",
                        assigned,
                        PanguKeys.BACKEND.name());
            } else {
                LOG.info("Spark assigned {} to this executor; backend {} uses none of them", assigned, backend);
            }
        }
    }

    private static Map<String, List<String>> ofTask() {
        TaskContext task = TaskContext.get();
        return task == null ? Map.of() : addresses(task.resourcesJMap());
    }

    private static Map<String, List<String>> addresses(Map<String, ResourceInformation> resources) {
        Map<String, List<String>> addresses = new HashMap<>();
        resources.forEach((name, resource) -> addresses.put(name, List.of(resource.addresses())));
        return Map.copyOf(addresses);
    }
}
