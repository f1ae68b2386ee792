package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Locks between real processes; a thread of one process cannot stand for another. */
@Timeout(180)
class DeviceLocksTest {
    private static final Duration SHORT = Duration.ofMillis(150);
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private FakeMachine machine;

    @BeforeEach
    void makeMachine() {
        machine = new FakeMachine(directory);
    }

    private DeviceLocks locks(Duration patience) {
        return new DeviceLocks(machine.environment().lockDirectory(), patience);
    }

    private static List<Npu> npus(Integer... numbers) {
        return Stream.of(numbers).map(number -> new Npu(number, number)).toList();
    }

    private boolean isFree(int number) {
        try (LockingJvm other = LockingJvm.start(machine, Duration.ZERO, number)) {
            return other.refusal().isEmpty();
        }
    }

    @Nested
    class BetweenProcesses {
        @Test
        void oneIsRefusedAndToldWhoHasTheNpu() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 2, 3).taken();
                    LockingJvm second = LockingJvm.start(machine, SHORT, 3, 4)) {
                assertThat(second.refused())
                        .startsWith("NPU 3 is in use by process " + first.pid() + ", executor 7 of app-1")
                        .contains(machine.lockFile(3).toString())
                        .contains("Two executors must not share an NPU")
                        .contains("ASCEND_RT_VISIBLE_DEVICES");
            }
        }

        @Test
        void differentNpusDisturbNobody() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 0, 1, 2, 3);
                    LockingJvm second = LockingJvm.start(machine, SHORT, 4, 5, 6, 7)) {
                first.taken();
                second.taken();
            }
        }

        @Test
        void aKilledOneLosesItsNpus() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 0)) {
                first.taken().kill();

                locks(SHORT).take(npus(0), "this test").close();
            }
        }

        @Test
        void oneThatDoesNotEndIsWaitedForAsLongAsSaid() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 0).taken()) {
                long start = System.nanoTime();

                assertThatThrownBy(() -> locks(SHORT).take(npus(0), "this test"))
                        .hasMessageContaining("process " + first.pid());

                assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(SHORT);
            }
        }

        @Test
        void oneThatEndsSoonIsWaitedFor() {
            CompletableFuture<DeviceLocks.Claim> claim = new CompletableFuture<>();
            Thread waiting = new Thread(() -> claim.complete(locks(LONG).take(npus(0), "this test")));
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 0)) {
                first.taken();
                waiting.start();
                await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
                assertThat(claim).isNotDone();
            }

            assertThat(claim).succeedsWithin(LONG).satisfies(DeviceLocks.Claim::close);
        }

        @Test
        void whoIsRefusedKeepsNothing() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 1).taken()) {
                assertThatThrownBy(() -> locks(SHORT).take(npus(0, 1, 2), "this test"))
                        .hasMessageContaining("NPU 1 is in use by process " + first.pid());

                assertThat(isFree(0)).isTrue();
                assertThat(isFree(2)).isTrue();
            }
        }

        @Test
        void theAddressIsNamedWhereItIsNotTheNumber() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 5).taken()) {
                assertThatThrownBy(() -> locks(SHORT).take(List.of(new Npu(1, 5)), "this test"))
                        .hasMessageStartingWith("NPU 5 (address 1) is in use by process " + first.pid());
            }
        }
    }

    @Nested
    class InOneProcess {
        @Test
        void enginesShareAnNpuUntilTheLastGivesItBack() {
            DeviceLocks.Claim first = locks(SHORT).take(npus(0, 1), "one engine");
            DeviceLocks.Claim second = locks(SHORT).take(npus(0), "another");

            first.close();
            first.close();
            assertThat(isFree(0)).isFalse();
            assertThat(isFree(1)).isTrue();
            second.close();
            assertThat(isFree(0)).isTrue();
        }

        @Test
        void anotherClassLoadersLockIsSeenAndNotBroken() throws Exception {
            URL classes =
                    DeviceLocks.class.getProtectionDomain().getCodeSource().getLocation();
            try (URLClassLoader loader =
                    new URLClassLoader(new URL[] {classes}, getClass().getClassLoader()) {
                        @Override
                        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                            return name.startsWith("io.pangu.spark.resource.") && findLoadedClass(name) == null
                                    ? findClass(name)
                                    : super.loadClass(name, resolve);
                        }
                    }) {
                Class<?> npu = loader.loadClass(Npu.class.getName());
                var locks = loader.loadClass(DeviceLocks.class.getName())
                        .getDeclaredConstructor(Path.class, Duration.class);
                locks.setAccessible(true);
                Object foreign = locks.newInstance(machine.environment().lockDirectory(), SHORT);
                AutoCloseable claim = (AutoCloseable) foreign.getClass()
                        .getMethod("take", List.class, String.class)
                        .invoke(
                                foreign,
                                List.of(npu.getConstructor(int.class, int.class).newInstance(0, 0)),
                                "the other loader");

                assertThatThrownBy(() -> locks(SHORT).take(npus(0), "this loader"))
                        .hasMessageStartingWith("NPU 0 is in use by this process itself");
                assertThat(isFree(0)).as("the lock outlived the attempt").isFalse();

                claim.close();
                locks(SHORT).take(npus(0), "this loader").close();
                assertThat(isFree(0)).isTrue();
            }
        }
    }

    @Nested
    class FreeOnes {
        @Test
        void areThoseThatNoOtherProcessHas() {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 0, 1, 3).taken()) {
                assertThat(locks(SHORT).takeFree(npus(0, 1, 2, 3, 4, 5), 2, "this test"))
                        .isEqualTo(npus(2, 4));

                assertThat(isFree(2)).isFalse();
                assertThat(isFree(5)).isTrue();
                assertThatThrownBy(() -> locks(SHORT).takeFree(npus(0, 1, 5), 2, "this test"))
                        .hasMessageContaining("2 NPUs are wanted, but 1 of 3 are free")
                        .hasMessageContaining("NPU 0 by process " + first.pid() + ", executor 7 of app-1, NPU 1 by")
                        .hasMessageContaining("Start fewer executors");
                assertThat(isFree(5)).as("what was not enough is given back").isTrue();
            }
        }
    }

    @Nested
    class LockFiles {
        @Test
        void areForAllUsersAndStay() throws Exception {
            locks(SHORT).take(npus(0), "process 1").close();

            assertThat(machine.lockFile(0)).hasContent("process 1");
            // Sticky, or systemd would sweep it out of /tmp while an engine of ten days' age holds it.
            assertThat((int) Files.getAttribute(machine.lockFile(0), "unix:mode") & 07777)
                    .isEqualTo(01666);
            locks(SHORT).take(npus(0), "p2").close();
            assertThat(machine.lockFile(0)).hasContent("p2");
        }

        @Test
        void areNoLinksToOtherFiles() throws Exception {
            Path precious = Files.writeString(directory.resolve("precious"), "do not touch");
            Files.createSymbolicLink(machine.lockFile(0), precious);

            assertThatThrownBy(() -> locks(SHORT).take(npus(0), "this test"))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("the lock file " + machine.lockFile(0) + " cannot be used")
                    .hasMessageContaining("no ordinary file")
                    .hasMessageContaining("PANGU_LOCK_DIR");
            assertThat(precious).hasContent("do not touch");
        }

        @Test
        void areNoPipesThatNeverOpen() throws Exception {
            assertThat(new ProcessBuilder("mkfifo", machine.lockFile(0).toString())
                            .start()
                            .waitFor())
                    .isZero();

            assertThatThrownBy(() -> locks(SHORT).take(npus(0), "this test")).hasMessageContaining("no ordinary file");
        }

        @Test
        void mustHaveADirectory() {
            assertThatThrownBy(() -> new DeviceLocks(directory.resolve("nothing"), SHORT).take(npus(0), "this test"))
                    .hasMessageContaining("pangu-npu-0.lock cannot be used")
                    .hasMessageContaining("PANGU_LOCK_DIR");
        }

        @Test
        void areReadSafelyWhateverStandsInThem() throws Exception {
            try (LockingJvm first = LockingJvm.start(machine, SHORT, 0)) {
                first.taken();
                Files.write(
                        machine.lockFile(0), "x\u0000\u001b[31my\n".repeat(200).getBytes(StandardCharsets.UTF_8));
                assertThatThrownBy(() -> locks(SHORT).take(npus(0), "this test"))
                        .hasMessageStartingWith("NPU 0 is in use by x  [31my x")
                        .message()
                        .hasSizeLessThan(1_500)
                        .matches("\\p{Print}+");

                Files.write(machine.lockFile(0), new byte[0]);
                assertThatThrownBy(() -> locks(SHORT).take(npus(0), "this test"))
                        .hasMessageStartingWith("NPU 0 is in use by a process that has not said which");
            }
        }
    }
}
