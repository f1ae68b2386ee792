package io.pangu.spark;

import io.pangu.spark.conf.PanguKeys;
import io.pangu.spark.resource.DeviceLocks;
import io.pangu.spark.resource.Npu;
import io.pangu.spark.resource.NpuDiscovery;
import io.pangu.spark.resource.NpuEnvironment;
import io.pangu.spark.resource.NpuResource;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.resource.ResourceDiscoveryPlugin;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceRequest;

/**
 * {@code spark.resources.discoveryPlugin=io.pangu.spark.NpuDiscoveryPlugin}: tells Spark the NPUs of this process, as the script
 * {@code pangu-npus} does, and leaves resources that are no NPUs to others. Unlike the script, it gives an executor that finds
 * more NPUs than it asked for those that no other executor of the machine took: YARN, which isolates none, needs that.
 */
public final class NpuDiscoveryPlugin implements ResourceDiscoveryPlugin {
    private static final String WORKER = "spark.worker";

    private final NpuEnvironment environment;

    /** Called by Spark. */
    public NpuDiscoveryPlugin() {
        this(NpuEnvironment.ofThisProcess());
    }

    NpuDiscoveryPlugin(NpuEnvironment environment) {
        this.environment = environment;
    }

    /**
     * The NPUs' logical ids for a request of NPUs, empty for any other.
     *
     * @throws io.pangu.spark.resource.ResourceException if there are none, or too few are free
     */
    @Override
    public Optional<ResourceInformation> discoverResource(ResourceRequest request, SparkConf conf) {
        String name = request.id().resourceName();
        if (!NpuResource.isNpu(name, configured(conf))) {
            return Optional.empty();
        }
        List<Npu> npus = new NpuDiscovery(environment).npus();
        // A worker hands out all that it finds and uses none itself.
        if (!request.id().componentName().equals(WORKER) && npus.size() > request.amount()) {
            npus = new DeviceLocks(environment)
                    .takeFree(
                            npus,
                            (int) request.amount(),
                            "process " + ProcessHandle.current().pid());
        }
        return Optional.of(new ResourceInformation(
                name, npus.stream().map(npu -> String.valueOf(npu.logicalId())).toArray(String[]::new)));
    }

    private static Optional<String> configured(SparkConf conf) {
        String key = PanguKeys.RESOURCE.name();
        return conf.contains(key) ? Optional.of(conf.get(key)) : Optional.empty();
    }
}
