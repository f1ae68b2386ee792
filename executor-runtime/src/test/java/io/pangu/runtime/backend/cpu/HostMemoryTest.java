package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.DeviceMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against file trees as Linux shows them. */
class HostMemoryTest {
    private static final long GIB = 1L << 30;

    @TempDir
    Path root = Path.of("");

    private void write(String path, String text) {
        try {
            Path file = root.resolve(path);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A machine of 64 GiB with 48 GiB available. */
    private void machine() {
        write("proc/meminfo", """
                MemTotal:       67108864 kB
                MemFree:         1000000 kB
                MemAvailable:   50331648 kB
                Cached:         40000000 kB
                """);
    }

    private DeviceMemory read() {
        return new HostMemory(root).read();
    }

    @Test
    void isTheMachinesWithoutControlGroups() {
        machine();
        assertThat(read()).isEqualTo(new DeviceMemory(64 * GIB, 48 * GIB));
    }

    @Test
    void isTheHeapsLimitWhereTheSystemTellsNothing() {
        long heap = Runtime.getRuntime().maxMemory();
        assertThat(read()).isEqualTo(new DeviceMemory(heap, heap));
        write("proc/meminfo", "MemTotal: lots kB\nMemAvailable: 5 kB\n");
        assertThat(read()).isEqualTo(new DeviceMemory(heap, heap));
    }

    @Test
    void ofThisMachineMakesSense() {
        DeviceMemory memory = new HostMemory(Path.of("/")).read();
        assertThat(memory.totalBytes()).isPositive();
        assertThat(memory.freeBytes()).isBetween(1L, memory.totalBytes());
    }

    @Nested
    class InAGroupOfVersion2 {
        private void group(String path, String max, long used, long inactive) {
            write("sys/fs/cgroup" + path + "/memory.max", max + "\n");
            write("sys/fs/cgroup" + path + "/memory.current", used + "\n");
            write("sys/fs/cgroup" + path + "/memory.stat", "anon 5\ninactive_file " + inactive + "\nactive_file 9\n");
        }

        @Test
        void isWhatTheGroupLeavesAndMayTakeBack() {
            machine();
            write("proc/self/cgroup", "0::/pod/executor\n");
            group("/pod/executor", "" + 8 * GIB, 5 * GIB, 2 * GIB);
            assertThat(read()).isEqualTo(new DeviceMemory(8 * GIB, 5 * GIB));
        }

        @Test
        void isBoundByTheNarrowestGroupAbove() {
            machine();
            write("proc/self/cgroup", "0::/pod/executor\n");
            group("/pod/executor", "max", 1 * GIB, 0);
            group("/pod", "" + 4 * GIB, 3 * GIB, 0);
            group("", "" + 32 * GIB, 30 * GIB, 0);
            assertThat(read()).isEqualTo(new DeviceMemory(4 * GIB, 1 * GIB));
        }

        @Test
        void isNeverMoreThanTheMachineHas() {
            machine();
            write("proc/self/cgroup", "0::/\n");
            group("", "" + 500 * GIB, GIB, 0);
            assertThat(read()).isEqualTo(new DeviceMemory(64 * GIB, 48 * GIB));
        }

        @Test
        void isNothingWhereTheGroupIsFull() {
            machine();
            write("proc/self/cgroup", "0::/\n");
            group("", "" + 2 * GIB, 3 * GIB, 0);
            assertThat(read()).isEqualTo(new DeviceMemory(2 * GIB, 0));
        }

        @ParameterizedTest
        @ValueSource(strings = {"0::/../../outside\n", "0::\n", "rubbish\n", "", "1:name=systemd:/x\n"})
        void isTheMachinesWhereTheGroupCannotBeFound(String line) {
            machine();
            write("proc/self/cgroup", line);
            write("outside/memory.max", "" + GIB);
            write("outside/memory.current", "0");
            assertThat(read()).isEqualTo(new DeviceMemory(64 * GIB, 48 * GIB));
        }
    }

    @Nested
    class InAGroupOfVersion1 {
        private void group(String path, long limit, long used) {
            write("sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes", limit + "\n");
            write("sys/fs/cgroup/memory" + path + "/memory.usage_in_bytes", used + "\n");
            write("sys/fs/cgroup/memory" + path + "/memory.stat", "cache 7\ntotal_inactive_file " + GIB + "\n");
        }

        @Test
        void isWhatTheGroupLeavesAndMayTakeBack() {
            machine();
            write("proc/self/cgroup", "5:cpu,cpuacct:/other\n4:memory:/docker/abc\n");
            group("/docker/abc", 6 * GIB, 4 * GIB);
            assertThat(read()).isEqualTo(new DeviceMemory(6 * GIB, 3 * GIB));
        }

        @Test
        void isTheMachinesWithoutALimit() {
            machine();
            write("proc/self/cgroup", "4:memory:/docker/abc\n");
            group("/docker/abc", 9223372036854771712L, 4 * GIB);
            assertThat(read()).isEqualTo(new DeviceMemory(64 * GIB, 48 * GIB));
        }
    }
}
