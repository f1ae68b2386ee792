package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.CannEnvironment.Check;
import io.pangu.runtime.backend.cann.CannEnvironment.Verdict;
import io.pangu.runtime.backend.cann.ffi.CannHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CannEnvironmentTest {
    @TempDir
    Path root;

    private Path deviceFiles;
    private Path home;
    private final Map<String, String> environment = new HashMap<>();
    private String architecture = "aarch64";

    /** A machine with four NPUs on which everything is as it should be. */
    @BeforeEach
    void makeMachine() throws IOException {
        deviceFiles = Files.createDirectory(root.resolve("dev"));
        for (String name : new String[] {"davinci_manager", "devmm_svm", "hisi_hdc"}) {
            Files.createFile(deviceFiles.resolve(name));
        }
        for (int i = 0; i < 4; i++) {
            Files.createFile(deviceFiles.resolve("davinci" + i));
        }
        home = root.resolve("usr/local/Ascend/ascend-toolkit/latest");
        Files.createDirectories(home.resolve("lib64"));
        Files.createFile(home.resolve("lib64/libascendcl.so"));
        Files.createDirectories(home.resolve("opp"));
        environment.put("ASCEND_HOME_PATH", home.toString());
        environment.put("ASCEND_OPP_PATH", home.resolve("opp").toString());
        environment.put("ASCEND_COREDUMP_SIGNAL", "none");
        environment.put("LD_LIBRARY_PATH", "/other:" + home.resolve("lib64"));
    }

    private CannEnvironment inspect() {
        return CannEnvironment.inspect(new CannMachine(root, deviceFiles, environment, Optional.empty(), architecture));
    }

    private static Check check(CannEnvironment found, String subject) {
        return found.checks().stream()
                .filter(check -> check.subject().equals(subject))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aMachineWithEverythingIsUsable() {
        CannEnvironment found = inspect();
        assertThat(found.checks()).allMatch(check -> check.verdict() == Verdict.GOOD);
        assertThat(found.isUsable()).isTrue();
        assertThat(found.reason()).isEmpty();
        assertThat(found.visibleDevices()).containsExactly(0, 1, 2, 3);
        assertThat(found.home().map(CannHome::directory)).contains(home);
    }

    @Test
    void aMachineWithoutNpuIsToldThatAlone() throws IOException {
        Files.delete(deviceFiles.resolve("davinci_manager"));
        environment.clear();
        CannEnvironment found = inspect();
        assertThat(found.isUsable()).isFalse();
        assertThat(found.reason())
                .startsWith(deviceFiles.resolve("davinci_manager") + " does not exist: this machine has no NPU")
                .doesNotContain("ASCEND_OPP_PATH");
    }

    @Test
    void everythingThatIsMissingIsToldAtOnce() {
        environment.remove("ASCEND_OPP_PATH");
        environment.remove("ASCEND_COREDUMP_SIGNAL");
        CannEnvironment found = inspect();
        assertThat(found.reason())
                .contains("ASCEND_OPP_PATH is not set", "set_env.sh")
                .contains("export ASCEND_COREDUMP_SIGNAL=none before java starts");
    }

    @Test
    void filesThatThisUserMayNotUseAreNamed() throws IOException {
        Assumptions.assumeFalse("root".equals(System.getProperty("user.name")), "root may use every file");
        Files.setPosixFilePermissions(deviceFiles.resolve("devmm_svm"), PosixFilePermissions.fromString("r--------"));
        assertThat(inspect().reason()).contains("devmm_svm", "HwHiAiUser");
    }

    @Test
    void missingDriverFilesAreNamed() throws IOException {
        Files.delete(deviceFiles.resolve("hisi_hdc"));
        assertThat(inspect().reason()).contains("may not read and write hisi_hdc", "into the container");
    }

    @Test
    void aDriverWithoutDevicesIsNotUsable() throws IOException {
        for (int i = 0; i < 4; i++) {
            Files.delete(deviceFiles.resolve("davinci" + i));
        }
        assertThat(inspect().reason()).contains("/davinci0", "npu-smi info");
    }

    @Test
    void deviceNumbersNeedNotBeWithoutGaps() throws IOException {
        Files.delete(deviceFiles.resolve("davinci1"));
        Files.createFile(deviceFiles.resolve("davinci12"));
        Files.createFile(deviceFiles.resolve("davinci_other"));
        assertThat(inspect().visibleDevices()).containsExactly(0, 2, 3, 12);
    }

    @Test
    void theVariableChoosesAmongTheDevices() {
        environment.put("ASCEND_RT_VISIBLE_DEVICES", "1,3");
        assertThat(inspect().visibleDevices()).containsExactly(1, 3);
        assertThat(inspect().isUsable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0, 1", "a", "3,1", "1,1", "0,1,2,3,4", "-1", ","})
    void aVariableThatTheRuntimeWouldNotTakeIsRefused(String value) {
        environment.put("ASCEND_RT_VISIBLE_DEVICES", value);
        CannEnvironment found = inspect();
        assertThat(found.isUsable()).isFalse();
        assertThat(found.reason()).contains("ASCEND_RT_VISIBLE_DEVICES", value);
        assertThat(found.visibleDevices()).isEmpty();
    }

    @Test
    void signalsOfAnotherValueAreRefused() {
        environment.put("ASCEND_COREDUMP_SIGNAL", "all");
        assertThat(inspect().reason()).contains("ASCEND_COREDUMP_SIGNAL=all", "crash");
    }

    @Test
    void chainedSignalsAreDoubtfulAndNotRefused() {
        environment.remove("ASCEND_COREDUMP_SIGNAL");
        environment.put("LD_PRELOAD", "/opt/java/lib/libjsig.so");
        CannEnvironment found = inspect();
        assertThat(found.isUsable()).isTrue();
        assertThat(check(found, "signals").verdict()).isEqualTo(Verdict.DOUBTFUL);
    }

    @Test
    void aLibraryPathWithoutTheHomeIsDoubtful() {
        environment.put("LD_LIBRARY_PATH", "/other");
        CannEnvironment found = inspect();
        assertThat(found.isUsable()).isTrue();
        assertThat(check(found, "library path"))
                .satisfies(check -> assertThat(check.verdict()).isEqualTo(Verdict.DOUBTFUL))
                .satisfies(check -> assertThat(check.words()).contains("LD_LIBRARY_PATH does not name"));
    }

    @Test
    void anInstallationThatIsNotThereIsToldWithTheRemedy() throws IOException {
        Files.delete(home.resolve("lib64/libascendcl.so"));
        CannEnvironment found = inspect();
        assertThat(found.home()).isEmpty();
        assertThat(found.reason()).contains("no CANN in", "install the CANN toolkit");
    }

    @Test
    void anOperatorPathThatIsNoDirectoryIsToldSo() {
        environment.put("ASCEND_OPP_PATH", "/no/such/directory");
        assertThat(inspect().reason()).contains("ASCEND_OPP_PATH=/no/such/directory is no directory");
    }

    @Test
    void anotherProcessorIsRefused() {
        architecture = "riscv64";
        assertThat(inspect().reason()).contains("CANN does not exist for riscv64");
    }

    @Test
    void nothingThatTheEnvironmentSaysMakesItThrow() {
        environment.put("ASCEND_HOME_PATH", "\0not a path");
        environment.put("ASCEND_OPP_PATH", "\0");
        CannEnvironment found = inspect();
        assertThat(found.isUsable()).isFalse();
        assertThat(found.reason()).contains("cannot be looked at");
    }

    @Test
    void thisMachineIsLookedAtInNoTime() {
        Duration least = Duration.ofDays(1);
        // the machine may be busy with something else, but not every time
        for (int i = 0; i < 20 && least.compareTo(Duration.ofMillis(100)) >= 0; i++) {
            long start = System.nanoTime();
            CannEnvironment found = CannEnvironment.inspect(CannMachine.current());
            Duration taken = Duration.ofNanos(System.nanoTime() - start);
            least = taken.compareTo(least) < 0 ? taken : least;
            assertThat(found.isUsable()).isEqualTo(found.reason().isEmpty());
        }
        assertThat(least).isLessThan(Duration.ofMillis(100));
    }

    @Test
    void propertiesNameTheHomeAndTheDeviceFiles() {
        System.setProperty(CannMachine.HOME_PROPERTY, home.toString());
        System.setProperty(CannMachine.DEVICE_FILES_PROPERTY, deviceFiles.toString());
        try {
            CannEnvironment found = CannEnvironment.inspect(CannMachine.current());
            assertThat(found.home()).contains(new CannHome(home, "the option"));
            assertThat(check(found, "driver").verdict()).isEqualTo(Verdict.GOOD);
        } finally {
            System.clearProperty(CannMachine.HOME_PROPERTY);
            System.clearProperty(CannMachine.DEVICE_FILES_PROPERTY);
        }
    }
}
