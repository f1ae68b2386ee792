package io.pangu.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.resource.FakeMachine;
import io.pangu.spark.resource.LockingJvm;
import io.pangu.spark.resource.ResourceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceID;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NpuDiscoveryPluginTest {
    private static final SparkConf NOTHING_SET = new SparkConf(false);

    @TempDir
    private Path directory;

    private static ResourceRequest request(String component, String resource, long amount) {
        return new ResourceRequest(new ResourceID(component, resource), amount, Optional.empty(), Optional.empty());
    }

    private static Optional<ResourceInformation> discover(
            FakeMachine machine, SparkConf conf, ResourceRequest request) {
        return new NpuDiscoveryPlugin(machine.environment()).discoverResource(request, conf);
    }

    private static ResourceInformation npus(String... addresses) {
        return new ResourceInformation("npu", addresses);
    }

    @Test
    void tellsAWorkerAllThatItSees() {
        FakeMachine machine = new FakeMachine(directory).withNpus(8).with("ASCEND_RT_VISIBLE_DEVICES", "2,3,6");

        assertThat(discover(machine, NOTHING_SET, request("spark.worker", "npu", 1)))
                .contains(npus("0", "1", "2"));
    }

    @Test
    void leavesOtherResourcesToTheirScripts() {
        FakeMachine machine = new FakeMachine(directory).withNpus(2);

        assertThat(discover(machine, NOTHING_SET, request("spark.worker", "gpu", 1)))
                .isEmpty();
        assertThat(discover(
                        machine,
                        new SparkConf(false).set("spark.pangu.resource", "accelerator"),
                        request("spark.worker", "npu", 1)))
                .isEmpty();
        assertThat(discover(new FakeMachine(directory), NOTHING_SET, request("spark.worker", "gpu", 1)))
                .as("nor does it look for NPUs")
                .isEmpty();
    }

    @Test
    void knowsTheUsualNamesAndTheConfiguredOne() {
        FakeMachine machine = new FakeMachine(directory).withNpus(1);

        assertThat(discover(machine, NOTHING_SET, request("spark.worker", "Ascend910", 1)))
                .contains(new ResourceInformation("Ascend910", new String[] {"0"}));
        assertThat(discover(
                        machine,
                        new SparkConf(false).set("spark.pangu.resource", "accelerator"),
                        request("spark.driver", "accelerator", 1)))
                .contains(new ResourceInformation("accelerator", new String[] {"0"}));
    }

    @Test
    void saysWhyThereIsNone() {
        FakeMachine machine = new FakeMachine(directory);

        assertThatThrownBy(() -> discover(machine, NOTHING_SET, request("spark.executor", "npu", 1)))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("no NPU was found");
    }

    @Test
    void givesAnExecutorWhatNoOtherOfTheMachineTook() {
        FakeMachine machine = new FakeMachine(directory).withNpus(8);
        try (LockingJvm other = LockingJvm.start(machine, Duration.ZERO, 0, 1, 3, 4)) {
            other.taken();

            assertThat(discover(machine, NOTHING_SET, request("spark.executor", "npu", 4)))
                    .contains(npus("2", "5", "6", "7"));
        }
        assertThat(discover(machine, NOTHING_SET, request("spark.executor", "npu", 4)))
                .as("what this process has stays its own")
                .contains(npus("0", "1", "2", "3"));
        try (LockingJvm other = LockingJvm.start(machine, Duration.ZERO, 7)) {
            assertThat(other.refused())
                    .contains("NPU 7 is in use by process "
                            + ProcessHandle.current().pid());
        }
    }

    @Test
    void givesAnExecutorAllWhereItAskedForAll() {
        FakeMachine machine = new FakeMachine(directory).withNpus(4);

        assertThat(discover(machine, NOTHING_SET, request("spark.executor", "npu", 4)))
                .contains(npus("0", "1", "2", "3"));
        assertThat(discover(machine, NOTHING_SET, request("spark.executor", "npu", 5)))
                .as("Spark says that they are too few")
                .contains(npus("0", "1", "2", "3"));
    }
}
