package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class DeviceAssignmentTest {
    private static final EngineSettings SETTINGS =
            new EngineSettings("/m", Map.of("spark.pangu.threads", "2"), List.of());

    @AfterEach
    void forgets() {
        DeviceAssignment.assign(List.of());
        TaskContext$.MODULE$.unset();
    }

    @Test
    void addsTheExecutorsDevices() {
        DeviceAssignment.assign(List.of("2", "3"));

        assertThat(DeviceAssignment.applyTo(SETTINGS))
                .isEqualTo(new EngineSettings("/m", Map.of("spark.pangu.threads", "2"), List.of("2", "3")));
    }

    @Test
    void leavesSettingsAloneWhereNobodyAssignedAny() {
        assertThat(DeviceAssignment.applyTo(SETTINGS)).isSameAs(SETTINGS);
    }

    @Test
    void keepsDevicesThatTheSettingsName() {
        DeviceAssignment.assign(List.of("2"));
        EngineSettings named = new EngineSettings("/m", Map.of(), List.of("7"));

        assertThat(DeviceAssignment.applyTo(named)).isSameAs(named);
    }

    @Test
    void takesATasksShareWhereThePluginSaidNothing() {
        TaskContext$.MODULE$.setTaskContext(task("npu", "5"));

        assertThat(DeviceAssignment.applyTo(SETTINGS).deviceAddresses()).containsExactly("5");
    }

    @Test
    void prefersTheExecutorsDevicesToATasks() {
        DeviceAssignment.assign(List.of("5", "6"));
        TaskContext$.MODULE$.setTaskContext(task("npu", "5"));

        assertThat(DeviceAssignment.applyTo(SETTINGS).deviceAddresses()).containsExactly("5", "6");
    }

    @Test
    void takesNoDevicesOfAnotherKind() {
        TaskContext$.MODULE$.setTaskContext(task("gpu", "0"));

        assertThat(DeviceAssignment.applyTo(SETTINGS)).isSameAs(SETTINGS);
    }

    private static TaskContextImpl task(String resource, String address) {
        TaskContextImpl empty = TaskContext$.MODULE$.empty();
        return new TaskContextImpl(
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
                scala.collection.immutable.Map.from(CollectionConverters.asScala(
                        Map.of(resource, new ResourceInformation(resource, new String[] {address})))));
    }
}
