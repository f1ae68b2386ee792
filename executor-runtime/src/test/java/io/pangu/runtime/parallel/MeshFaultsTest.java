package io.pangu.runtime.parallel;

import static io.pangu.runtime.parallel.FaultyDevices.hang;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ranks that throw, hang or do not open: who is told what, and who goes on. */
@Timeout(600)
class MeshFaultsTest {
    /** Far beyond what anything takes on a machine that has other things to do, too. */
    private static final Duration LONG = Duration.ofMinutes(2);

    /** For what hangs: who hangs shall be given up soon. */
    private static final Duration SHORT = Duration.ofMillis(50);

    /** For who comes back: time to do so, and the time that a test waits for who does not. */
    private static final Duration SOON = Duration.ofSeconds(1);

    private static final MeshLimits PATIENT = new MeshLimits(LONG, LONG, LONG, LONG);

    private static EngineException refused(Runnable work) {
        return catchThrowableOfType(EngineException.class, work::run);
    }

    private static void assertLost(DeviceMesh mesh, Throwable cause) {
        AtomicInteger runs = new AtomicInteger();
        EngineException error = refused(() -> mesh.run("more", rank -> runs.incrementAndGet()));
        assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error.code().isRetryable()).isTrue();
        assertThat(error)
                .hasMessage(
                        "the devices are unusable since one failed (" + cause.getMessage() + "); start a new engine")
                .hasCause(cause);
        assertThat(runs).hasValue(0);
    }

    @Nested
    class WhenARankFails {
        @Test
        void theOthersAreBrokenOffAndItsErrorIsThrownWithTheirs() {
            FaultyDevices group = new FaultyDevices(3);
            EngineException planted = new EngineException(ErrorCode.OUT_OF_MEMORY, "planted");
            try (DeviceMesh mesh = DeviceMesh.open(group, PATIENT)) {
                Throwable error = catchThrowable(() -> mesh.run("a step", rank -> {
                    throw rank.index() == 1 ? planted : group.brokenOff(rank.index());
                }));
                assertThat(error).isSameAs(planted);
                assertThat(List.of(error.getSuppressed()))
                        .extracting(Throwable::getMessage)
                        .containsExactlyInAnyOrder("rank 0 was waiting", "rank 2 was waiting");
                assertLost(mesh, planted);
            }
            assertThat(group.devices).allMatch(ReferenceDevice::isClosed);
        }

        @Test
        void itsErrorIsThrownAlsoWhenOneThatItBrokeOffWasFaster() {
            FaultyDevices group = new FaultyDevices(2);
            IllegalStateException root = new IllegalStateException("the root");
            try (DeviceMesh mesh = DeviceMesh.open(group, PATIENT)) {
                Throwable error = catchThrowable(() -> mesh.run("a step", rank -> {
                    if (rank.index() == 1) {
                        throw group.brokenOff(1);
                    }
                    // What a collective does that finds a fault: breaks off first, then throws.
                    group.abort(root);
                    await().atMost(LONG).until(() -> catchThrowable(rank::requireIntactMesh) != null);
                    throw root;
                }));
                assertThat(error).isSameAs(root);
                assertThat(error.getSuppressed())
                        .singleElement()
                        .satisfies(other -> assertThat(other).hasMessage("rank 1 was waiting"));
                assertLost(mesh, root);
            }
        }

        @Test
        void longWorkOfOthersCanGiveItselfUp() {
            FaultyDevices group = new FaultyDevices(2);
            try (DeviceMesh mesh = DeviceMesh.open(group, PATIENT)) {
                Throwable error = catchThrowable(() -> mesh.run("loading", rank -> {
                    rank.requireIntactMesh();
                    if (rank.index() == 1) {
                        throw new IllegalArgumentException("a bad tensor");
                    }
                    await().atMost(LONG).until(group::isAborted);
                    rank.requireIntactMesh();
                }));
                assertThat(error).isInstanceOf(IllegalArgumentException.class).hasMessage("a bad tensor");
                assertThat(error.getSuppressed())
                        .singleElement()
                        .satisfies(other ->
                                assertThat(other).hasMessage("rank 0 stopped because another rank of the mesh failed"));
            }
        }

        @Test
        void errorsAreThrownAsTheyAre() {
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(1), PATIENT)) {
                StackOverflowError planted = new StackOverflowError("planted");
                assertThatThrownBy(() -> mesh.run("a step", rank -> {
                            throw planted;
                        }))
                        .isSameAs(planted);
                assertLost(mesh, planted);
            }
        }

        @Test
        void aGroupThatCannotBeBrokenOffDoesNotHideWhy() {
            ReferenceDevice device = new ReferenceDevice();
            DeviceGroup unbreakable = new DeviceGroup() {
                @Override
                public int size() {
                    return 1;
                }

                @Override
                public Device open(int rank) {
                    return device;
                }

                @Override
                public void abort(Throwable reason) {
                    throw new IllegalStateException("no way");
                }
            };
            try (DeviceMesh mesh = DeviceMesh.open(unbreakable, PATIENT)) {
                Throwable error = catchThrowable(() -> mesh.run("a step", rank -> {
                    throw new IllegalArgumentException("planted");
                }));
                assertThat(error).hasMessage("planted");
                assertThat(error.getSuppressed())
                        .singleElement()
                        .satisfies(other -> assertThat(other).hasMessage("no way"));
            }
            assertThat(device.isClosed())
                    .as("closed by its thread, which is still there")
                    .isTrue();
        }

        @Test
        void whatDoesNotCloseAfterwardsIsNoErrorOfItsOwn() {
            FaultyDevices group = new FaultyDevices(2);
            DeviceMesh mesh = DeviceMesh.open(group, PATIENT);
            Throwable failed = catchThrowable(() -> mesh.run("a step", rank -> {
                rank.own(() -> {
                    throw new IllegalStateException("nothing works on a lost device");
                });
                throw new IllegalStateException("planted");
            }));
            assertThat(failed).hasMessage("planted");
            assertThatCode(mesh::close).doesNotThrowAnyException();
            assertThat(group.devices).allMatch(ReferenceDevice::isClosed);
        }
    }

    @Nested
    class WhenARankHangs {
        private final CountDownLatch release = new CountDownLatch(1);

        @Test
        void itIsNamedAndTheCallerGoesOn() {
            FaultyDevices group = new FaultyDevices(3);
            DeviceMesh mesh = DeviceMesh.open(group, new MeshLimits(LONG, LONG, SHORT, SOON));
            long start = System.nanoTime();
            EngineException error = refused(() -> mesh.run("a forward pass", rank -> {
                if (rank.index() == 1) {
                    hang(release);
                } else {
                    throw group.brokenOff(rank.index());
                }
            }));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
            assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(error)
                    .hasMessage(
                            "rank 1 (reference (F64)) did not come back from a forward pass within 50 ms and is given"
                                    + " up; look after the device, then start a new engine");
            assertThat(error.context()).isEqualTo(Map.of("work", "a forward pass", "ranks", "1"));
            assertLost(mesh, error);

            mesh.close();
            assertThat(List.of(0, 2)).allMatch(rank -> group.devices.get(rank).isClosed());
            assertThat(group.devices.get(1).isClosed()).as("still in use").isFalse();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[1].isAlive());
            assertThat(group.devices.get(1).isClosed())
                    .as("closed by its own thread")
                    .isTrue();
        }

        @Test
        void aDeviceAloneIsGivenUpLikewise() {
            FaultyDevices group = new FaultyDevices(1);
            DeviceMesh mesh = DeviceMesh.open(group, new MeshLimits(LONG, LONG, SHORT, SOON));
            EngineException error = refused(() -> mesh.run("an argmax", rank -> hang(release)));
            assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(error).hasMessageStartingWith("rank 0 (reference (F64)) did not come back from an argmax");
            mesh.close();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[0].isAlive());
            assertThat(group.devices.getFirst().isClosed()).isTrue();
        }

        @Test
        void afterAnotherHasFailedTheLimitToStopCounts() {
            FaultyDevices group = new FaultyDevices(2);
            DeviceMesh mesh = DeviceMesh.open(group, new MeshLimits(LONG, LONG, LONG, SOON));
            Throwable error = catchThrowable(() -> mesh.run("a forward pass", rank -> {
                if (rank.index() == 0) {
                    throw new IllegalStateException("planted");
                }
                hang(release);
            }));
            assertThat(error).isInstanceOf(IllegalStateException.class).hasMessage("planted");
            assertThat(error.getSuppressed())
                    .singleElement()
                    .satisfies(other -> assertThat(other)
                            .hasMessageStartingWith(
                                    "rank 1 (reference (F64)) did not come back from a forward pass within 1000 ms"));
            mesh.close();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[1].isAlive());
        }

        @Test
        void slowRanksThatComeBackWhenBrokenOffAreNotCalledHung() {
            FaultyDevices group = new FaultyDevices(2);
            try (DeviceMesh mesh = DeviceMesh.open(group, PATIENT.withStep(SHORT))) {
                EngineException error = refused(() -> mesh.run("a forward pass", rank -> {
                    throw group.brokenOff(rank.index());
                }));
                assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
                assertThat(error).hasMessageStartingWith("a forward pass did not end within 50 ms");
                assertThat(error.getSuppressed()).hasSize(2);
            }
            assertThat(group.devices).allMatch(ReferenceDevice::isClosed);
        }

        private static EngineException loss() {
            return new EngineException(ErrorCode.DEVICE_LOST, "a call did not come back");
        }

        private static void report(FaultyDevices group, int rank, EngineException loss) {
            CompletableFuture<Void> _ = CompletableFuture.runAsync(() -> group.report(rank, loss));
        }

        @Test
        void nobodyWaitsForOneWhoseDeviceSaysThatItHangs() {
            FaultyDevices group = new FaultyDevices(3);
            DeviceMesh mesh = DeviceMesh.open(group, PATIENT);
            EngineException loss = loss();
            EngineException error = refused(() -> mesh.run("a forward pass", rank -> {
                if (rank.index() == 1) {
                    report(group, 1, loss);
                    hang(release);
                } else {
                    throw group.brokenOff(rank.index());
                }
            }));
            assertThat(error).isSameAs(loss);
            assertThat(error.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactlyInAnyOrder("rank 0 was waiting", "rank 2 was waiting");
            assertLost(mesh, loss);
            mesh.close();
            assertThat(List.of(0, 2)).allMatch(rank -> group.devices.get(rank).isClosed());
            assertThat(group.devices.get(1).isClosed()).isFalse();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[1].isAlive());
            assertThat(group.devices.get(1).isClosed()).isTrue();
        }

        @Test
        void oneThatCameBackJustThenLosesTheMeshToo() {
            FaultyDevices group = new FaultyDevices(2);
            DeviceMesh mesh = DeviceMesh.open(group, PATIENT);
            mesh.run("a forward pass", rank -> {});
            EngineException loss = loss();
            group.report(1, loss);
            assertLost(mesh, loss);
            assertThat(group.isAborted()).isTrue();
            mesh.close();
            await().atMost(LONG).until(() -> group.devices.get(1).isClosed());
        }

        @Test
        void closingGoesOnWithoutOneWhoseDeviceSaysThatItHangs() {
            FaultyDevices group = new FaultyDevices(2);
            DeviceMesh mesh = DeviceMesh.open(group, PATIENT);
            mesh.runOn(
                    0,
                    "a trap",
                    rank -> rank.own(() -> {
                        report(group, 0, loss());
                        hang(release);
                    }));
            mesh.close();
            assertThat(group.devices.get(1).isClosed()).isTrue();
            assertThat(group.devices.get(0).isClosed()).isFalse();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[0].isAlive());
            assertThat(group.devices.get(0).isClosed()).isTrue();
        }

        @Test
        void closingIsBoundedToo() {
            FaultyDevices group = new FaultyDevices(2);
            DeviceMesh mesh = DeviceMesh.open(group, new MeshLimits(LONG, LONG, LONG, SOON));
            mesh.runOn(0, "a trap", rank -> rank.own(() -> hang(release)));
            mesh.close();
            assertThat(group.devices.get(1).isClosed()).isTrue();
            assertThat(group.devices.get(0).isClosed()).isFalse();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[0].isAlive());
            assertThat(group.devices.get(0).isClosed()).isTrue();
        }
    }

    @Nested
    class WhenADeviceDoesNotOpen {
        @Test
        void theOthersAreClosedAndItsReasonIsThrown() {
            EngineException planted = new EngineException(ErrorCode.BACKEND_UNAVAILABLE, "no such device");
            FaultyDevices[] group = new FaultyDevices[1];
            group[0] = new FaultyDevices(3, rank -> {
                if (rank == 2) {
                    throw planted;
                }
                if (rank == 1) {
                    throw group[0].brokenOff(1);
                }
            });
            Throwable error = catchThrowable(() -> DeviceMesh.open(group[0], PATIENT));
            assertThat(error).isSameAs(planted);
            assertThat(error.getSuppressed())
                    .singleElement()
                    .satisfies(other -> assertThat(other).hasMessage("rank 1 was waiting"));
            assertThat(group[0].devices.get(0).isClosed()).as("was open").isTrue();
            assertThat(group[0].openedBy).noneMatch(Thread::isAlive);
        }

        @Test
        void oneThatHangsIsGivenUpAndClosedWhenItComesBack() {
            CountDownLatch release = new CountDownLatch(1);
            FaultyDevices group = new FaultyDevices(2, rank -> {
                if (rank == 1) {
                    hang(release);
                }
            });
            EngineException error = refused(() -> DeviceMesh.open(group, new MeshLimits(SHORT, LONG, LONG, SOON)));
            assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(error).hasMessageStartingWith("rank 1 did not come back from opening the devices within 50 ms");
            await().atMost(LONG).until(() -> !group.openedBy[0].isAlive());
            assertThat(group.devices.get(0).isClosed()).isTrue();
            release.countDown();
            await().atMost(LONG).until(() -> !group.openedBy[1].isAlive());
            assertThat(group.devices.get(1).isClosed()).isTrue();
        }
    }
}
