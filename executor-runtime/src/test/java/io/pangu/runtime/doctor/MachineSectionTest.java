package io.pangu.runtime.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.CannMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What files of the system say, on a machine made of files. */
class MachineSectionTest {
    @TempDir
    private Path root;

    private Section section;

    @BeforeEach
    void empty() {
        section = new Section("Machine");
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private MachineSection machine() {
        return new MachineSection(new CannMachine(root, root.resolve("dev"), Map.of(), Optional.empty(), "aarch64"));
    }

    private Finding finding(String subject) {
        return section.findings().stream()
                .filter(finding -> finding.subject().equals(subject))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void versionsOfDriverAndFirmwareComeFromTheirFiles() throws IOException {
        write("usr/local/Ascend/driver/version.info", "package=driver\nVersion=25.0.RC1.1\n");
        machine().addDriver(section);
        assertThat(finding("driver version").found()).isEqualTo("25.0.RC1.1");
        assertThat(finding("driver version").facts()).containsEntry("version", "25.0.RC1.1");
        assertThat(finding("firmware version").level()).isEqualTo(Finding.Level.WARN);
        assertThat(finding("firmware version").remedy()).contains("mount");
    }

    @Test
    void aUserOutsideTheGroupOfTheDeviceFilesIsTold() throws IOException {
        write("etc/group", "root:x:0:\nHwHiAiUser:x:1234:someone\n");
        write("proc/self/status", "Name:\tjava\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\nGroups:\t4 27\n");
        machine().addDriver(section);
        assertThat(finding("group").level()).isEqualTo(Finding.Level.WARN);
        assertThat(finding("group").remedy()).startsWith("usermod -aG HwHiAiUser ");
    }

    @Test
    void aMemberAndRootAreGood() throws IOException {
        write("etc/group", "HwHiAiUser:x:1234:someone\n");
        write("proc/self/status", "Uid:\t1000\t1000\nGid:\t1000\nGroups:\t4 1234 27\n");
        machine().addDriver(section);
        assertThat(finding("group").found()).isEqualTo("this user is in HwHiAiUser");
        write("proc/self/status", "Uid:\t0\t0\nGid:\t0\nGroups:\t0\n");
        section = new Section("Machine");
        machine().addDriver(section);
        assertThat(finding("group").found()).isEqualTo("this user is root");
    }

    @Test
    void theLimitOfLockedMemoryIsShown() throws IOException {
        write("proc/self/limits", "Limit   Soft  Hard  Units\nMax locked memory         65536   65536   bytes\n");
        machine().addDriver(section);
        assertThat(finding("locked memory").facts()).containsEntry("limit", "65536");
        assertThat(finding("locked memory").found()).startsWith("limit 65536 bytes");
    }

    @Test
    void aMachineThatTellsNothingIsNoFault() {
        machine().addSystem(section);
        machine().addDriver(section);
        assertThat(section.hasFailed()).isFalse();
        assertThat(finding("system").found()).contains("aarch64");
        assertThat(finding("memory").found()).contains("not told");
        assertThat(finding("group").found()).contains("no group");
        assertThat(finding("locked memory").found()).startsWith("limit unknown;");
    }

    @Test
    void memoryAndHugePagesComeFromTheKernel() throws IOException {
        write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    900 kB\n");
        write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        machine().addSystem(section);
        assertThat(finding("memory").found())
                .isEqualTo("1000 kB in all, 900 kB available, transparent huge pages madvise");
    }
}
