package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.resource.ResourceException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class DeviceAssignmentTest {
    private static final Map<String, String> OPTIONS = Map.of("spark.pangu.threads", "2");
    private static final EngineSettings SETTINGS = settings(OPTIONS);

    @AfterEach
    void forgets() {
        DeviceAssignment.assign(Map.of());
        TaskContext$.MODULE$.unset();
    }

    private static EngineSettings settings(Map<String, String> options, String... addresses) {
        return new EngineSettings("/m", options, List.of(addresses));
    }

    /** On a backend whose devices serve one process at a time. */
    private static EngineSettings applyTo(EngineSettings settings) {
        return DeviceAssignment.applyTo(settings, any -> DeviceUse.EXCLUSIVE);
    }

    private static void assign(String resource, String... addresses) {
        DeviceAssignment.assign(resources(resource, addresses));
    }

    private static Map<String, ResourceInformation> resources(String resource, String... addresses) {
        return Map.of(resource, new ResourceInformation(resource, addresses));
    }

    @Test
    void addsTheExecutorsDevicesInSparksOrder() {
        assign("npu", "3", "2");

        assertThat(applyTo(SETTINGS)).isEqualTo(settings(OPTIONS, "3", "2"));
    }

    @Test
    void leavesSettingsAloneWhereNobodyAssignedAny() {
        assertThat(applyTo(SETTINGS)).isSameAs(SETTINGS);
    }

    @Test
    void keepsDevicesThatTheSettingsName() {
        assign("npu", "2");
        EngineSettings named = settings(Map.of(), "7");

        assertThat(applyTo(named)).isSameAs(named);
    }

    @Test
    void takesATasksShareWhereThePluginSaidNothing() {
        runInTask("npu", "5");

        assertThat(applyTo(SETTINGS).deviceAddresses()).containsExactly("5");
    }

    @Test
    void prefersTheExecutorsDevicesToATasks() {
        assign("npu", "5", "6");
        runInTask("npu", "5");

        assertThat(applyTo(SETTINGS).deviceAddresses()).containsExactly("5", "6");
    }

    @Test
    void takesNoDevicesOfAnotherKind() {
        runInTask("gpu", "0");

        assertThat(applyTo(SETTINGS)).isSameAs(SETTINGS);
    }

    @Nested
    class Names {
        @Test
        void areTheUsualOnes() {
            assign("Ascend910", "1");

            assertThat(applyTo(SETTINGS).deviceAddresses()).containsExactly("1");
        }

        @Test
        void areTheConfiguredOne() {
            Map<String, ResourceInformation> both = new HashMap<>(resources("npu", "1"));
            both.putAll(resources("accelerator", "2"));
            DeviceAssignment.assign(both);

            assertThat(applyTo(SETTINGS).deviceAddresses()).containsExactly("1");
            assertThat(applyTo(settings(Map.of("spark.pangu.resource", "accelerator")))
                            .deviceAddresses())
                    .containsExactly("2");
        }

        @Test
        void mustBeClear() {
            Map<String, ResourceInformation> both = new HashMap<>(resources("npu", "1"));
            both.putAll(resources("Ascend910", "2"));
            DeviceAssignment.assign(both);

            assertThatThrownBy(() -> applyTo(SETTINGS))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("Ascend910, npu");
        }
    }

    @Nested
    class OnSharedDevices {
        @Test
        void tasksWithDifferentAddressesShareOneEngine() {
            runInTask("npu", "5");
            EngineSettings first = DeviceAssignment.applyTo(SETTINGS, any -> DeviceUse.SHARED);
            runInTask("npu", "6");
            EngineSettings second = DeviceAssignment.applyTo(SETTINGS, any -> DeviceUse.SHARED);

            assertThat(first).isEqualTo(second).isEqualTo(SETTINGS);
        }

        @Test
        void anUnclearOrOddAssignmentHarmsNobody() {
            assign("npu", "0", "1", "2");

            assertThat(DeviceAssignment.applyTo(SETTINGS, any -> DeviceUse.SHARED))
                    .isSameAs(SETTINGS);
            assertThat(DeviceAssignment.applyTo(SETTINGS, any -> DeviceUse.UNKNOWN))
                    .isSameAs(SETTINGS);
        }

        @Test
        void theCpuIsOneOfThem() {
            assign("npu", "0", "1");

            assertThat(DeviceAssignment.applyTo(settings(Map.of("spark.pangu.backend", "cpu"))))
                    .isEqualTo(settings(Map.of("spark.pangu.backend", "cpu")));
            assertThat(BackendChoice.deviceUse(SETTINGS)).isEqualTo(DeviceUse.SHARED);
        }
    }

    @Nested
    class Counts {
        @Test
        void areThoseThatExpertGroupsCanBeDealtOutTo() {
            for (int count : List.of(1, 2, 4, 8)) {
                String[] addresses = new String[count];
                for (int i = 0; i < count; i++) {
                    addresses[i] = String.valueOf(i);
                }
                assign("npu", addresses);
                assertThat(applyTo(SETTINGS).deviceAddresses()).hasSize(count);
            }
            assign("Ascend910", "0", "1", "2");
            assertThatThrownBy(() -> applyTo(SETTINGS))
                    .isInstanceOf(EngineUnavailableException.class)
                    .hasMessageContaining("Spark assigned 3 of the resource Ascend910 (addresses 0, 1, 2)")
                    .hasMessageContaining("1, 2, 4 or 8 devices")
                    .hasMessageContaining("spark.executor.resource.Ascend910.amount");
        }

        @Test
        void mustBeTheNumberThatTheUserWants() {
            assign("npu", "0", "1");

            assertThat(applyTo(settings(Map.of("spark.pangu.devices", "2"))).deviceAddresses())
                    .containsExactly("0", "1");
            assertThatThrownBy(() -> applyTo(settings(Map.of("spark.pangu.devices", "4"))))
                    .isInstanceOf(EngineUnavailableException.class)
                    .hasMessageContaining("spark.pangu.devices is 4")
                    .hasMessageContaining("Spark assigned 2 of the resource npu (addresses 0, 1)")
                    .hasMessageContaining(
                            "leave spark.pangu.devices out, or set spark.executor.resource.npu.amount to 4");
            assertThatThrownBy(() -> applyTo(settings(Map.of("spark.pangu.devices", "1"))))
                    .hasMessageContaining("spark.pangu.devices is 1");
        }
    }

    private static void runInTask(String resource, String address) {
        TaskContextImpl empty = TaskContext$.MODULE$.empty();
        TaskContext$.MODULE$.setTaskContext(new TaskContextImpl(
                0,
                0,
                0,
                0,
                0,
                1,
                empty.taskMemoryManager(),
                new Properties(),
                null,
                empty.taskMetrics(),
                1,
                scala.collection.immutable.Map.from(CollectionConverters.asScala(resources(resource, address)))));
    }
}
