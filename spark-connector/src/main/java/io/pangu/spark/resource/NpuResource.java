package io.pangu.spark.resource;

import io.pangu.spark.conf.PanguKeys;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Which of Spark's resources are NPUs. Spark takes any name; on Kubernetes it is what stands behind the slash of the device
 * plugin's resource, {@code huawei.com/Ascend910} or {@code huawei.com/ascend-1980}.
 */
public final class NpuResource {
    /** The names that need no configuration. */
    static final List<String> KNOWN = List.of("npu", "Ascend910", "ascend-1980");

    private NpuResource() {}

    /** Whether a resource of this name is NPUs: the configured one, else any of those that need no configuration. */
    public static boolean isNpu(String name, Optional<String> configured) {
        return configured.map(name::equals).orElse(KNOWN.contains(name));
    }

    /**
     * The one resource of NPUs among those that Spark assigned; empty where there is none.
     *
     * @param assigned names of all resources that Spark assigned
     * @param configured {@code spark.pangu.resource}, if it is set
     * @throws ResourceException if it is not clear which one is meant
     */
    public static Optional<String> among(Collection<String> assigned, Optional<String> configured) {
        List<String> npus = assigned.stream()
                .filter(name -> isNpu(name, configured))
                .sorted()
                .toList();
        if (npus.size() > 1) {
            throw new ResourceException("Spark assigned several resources that may be NPUs: "
                    + VisibleDevices.list(npus) + ". Say which one to use with " + PanguKeys.RESOURCE.name());
        }
        if (npus.isEmpty() && configured.isPresent()) {
            List<String> others =
                    assigned.stream().filter(KNOWN::contains).sorted().toList();
            if (!others.isEmpty()) {
                throw new ResourceException(PanguKeys.RESOURCE.name() + " is '" + configured.get()
                        + "', but the NPUs that Spark assigned are the resource " + VisibleDevices.list(others)
                        + ". Give both the same name");
            }
        }
        return npus.stream().findFirst();
    }
}
