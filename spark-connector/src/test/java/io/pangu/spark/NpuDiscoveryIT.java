package io.pangu.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.pangu.spark.engine.DeviceAssignment;
import io.pangu.spark.resource.FakeMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.resource.ResourceDiscoveryPlugin;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceRequest;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/** How a session finds the NPUs of its machine, in local mode, where the driver is the executor. */
final class NpuDiscoveryIT {
    @TempDir
    private Path directory;

    private FakeMachine machine;

    @BeforeEach
    void makeMachine() {
        machine = new FakeMachine(directory).withNpus(4);
    }

    @AfterEach
    void stop() {
        SparkSession.getActiveSession().foreach(session -> {
            session.stop();
            return null;
        });
        SparkSession.clearActiveSession();
        SparkSession.clearDefaultSession();
    }

    private static SparkContext start(Map<String, String> settings) {
        SparkConf conf = new SparkConf(false)
                .setMaster("local[1]")
                .setAppName("discovery")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1");
        settings.forEach(conf::set);
        return SparkSession.builder().config(conf).getOrCreate().sparkContext();
    }

    private static Map<String, List<String>> found(SparkContext context) {
        Map<String, List<String>> found = new HashMap<>();
        CollectionConverters.asJava(context.resources())
                .forEach((name, resource) -> found.put(name, List.of(resource.addresses())));
        return found;
    }

    private Map<String, String> byScript(String resource, int amount) {
        String key = "spark.driver.resource." + resource;
        return new HashMap<>(Map.of(
                key + ".amount",
                String.valueOf(amount),
                key + ".discoveryScript",
                machine.discoveryScript(resource).toString()));
    }

    @Test
    void runsTheScript() {
        assertThat(found(start(byScript("Ascend910", 4)))).isEqualTo(Map.of("Ascend910", List.of("0", "1", "2", "3")));
    }

    @Test
    void doesNotStartWhereTheScriptFails() {
        machine.with("ASCEND_RT_VISIBLE_DEVICES", "3,2");

        assertThat(catchThrowable(() -> start(byScript("npu", 1))))
                .hasStackTraceContaining("discover-npu.sh) exited with code 1");
    }

    @Test
    void asksThePluginForNpusAndTheScriptForOthers() throws IOException {
        OnFakeMachine.machine = machine.with("ASCEND_RT_VISIBLE_DEVICES", "1,3");
        Path script = Files.writeString(
                directory.resolve("gpus.sh"), "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"7\"]}'\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));

        SparkContext context = start(Map.of(
                "spark.resources.discoveryPlugin",
                OnFakeMachine.class.getName(),
                "spark.driver.resource.npu.amount",
                "2",
                "spark.driver.resource.gpu.amount",
                "1",
                "spark.driver.resource.gpu.discoveryScript",
                script.toString(),
                "spark.plugins",
                "io.pangu.spark.PanguPlugin"));

        assertThat(found(context)).isEqualTo(Map.of("npu", List.of("0", "1"), "gpu", List.of("7")));
        assertThat(DeviceAssignment.ofThisExecutor()).isEqualTo(found(context));
    }

    @Test
    void endsWithThePluginsReasonWhereThereAreNone() {
        OnFakeMachine.machine = new FakeMachine(directory.resolve("bare"));

        assertThat(catchThrowable(() -> start(Map.of(
                        "spark.resources.discoveryPlugin",
                        OnFakeMachine.class.getName(),
                        "spark.driver.resource.npu.amount",
                        "1"))))
                .hasStackTraceContaining("no NPU was found: npu-smi is not there");
    }

    /** The plugin on a machine of the test's making: a JVM cannot change its own variables. */
    public static final class OnFakeMachine implements ResourceDiscoveryPlugin {
        private static @Nullable FakeMachine machine;

        /** Called by Spark. */
        public OnFakeMachine() {}

        @Override
        public Optional<ResourceInformation> discoverResource(ResourceRequest request, SparkConf conf) {
            return new NpuDiscoveryPlugin(Objects.requireNonNull(machine).environment())
                    .discoverResource(request, conf);
        }
    }
}
