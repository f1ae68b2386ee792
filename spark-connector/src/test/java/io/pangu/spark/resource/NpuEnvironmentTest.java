package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NpuEnvironmentTest {
    @Test
    void isAnOrdinaryMachinesWhereNoVariableIsSet() {
        NpuEnvironment environment = NpuEnvironment.of(Map.of());

        assertThat(environment.deviceRoot()).isEqualTo(Path.of("/dev"));
        assertThat(environment.npuSmi()).startsWith("npu-smi").hasSize(3);
        assertThat(environment.lockDirectory()).isEqualTo(Path.of("/tmp"));
        assertThat(environment.runtimeVisible()).isEmpty();
        assertThat(environment.granted()).isEmpty();
    }

    @Test
    void readsEveryVariable() {
        NpuEnvironment environment = NpuEnvironment.of(Map.of(
                "PANGU_DEV_ROOT", "/d",
                "PANGU_NPU_SMI", "/t",
                "PANGU_LOCK_DIR", "/l",
                "ASCEND_RT_VISIBLE_DEVICES", "1",
                "ASCEND_VISIBLE_DEVICES", "2"));

        assertThat(environment.deviceRoot()).isEqualTo(Path.of("/d"));
        assertThat(environment.npuSmi()).isEqualTo(List.of("/t"));
        assertThat(environment.lockDirectory()).isEqualTo(Path.of("/l"));
        assertThat(environment.runtimeVisible()).contains("1");
        assertThat(environment.granted()).contains("2");
    }

    @Test
    void takesAnEmptyVariableForNoneButWhereItHidesEveryDevice() {
        NpuEnvironment environment = NpuEnvironment.of(Map.of(
                "PANGU_DEV_ROOT", "",
                "PANGU_NPU_SMI", "",
                "PANGU_LOCK_DIR", "",
                "ASCEND_RT_VISIBLE_DEVICES", "",
                "ASCEND_VISIBLE_DEVICES", ""));

        assertThat(environment.runtimeVisible()).contains("");
        assertThat(new NpuEnvironment(
                        environment.deviceRoot(),
                        environment.npuSmi(),
                        Optional.empty(),
                        environment.granted(),
                        environment.lockDirectory()))
                .isEqualTo(NpuEnvironment.of(Map.of()));
    }
}
