package io.pangu.runtime.parallel;

import static io.pangu.runtime.parallel.FaultyDevices.hang;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class DeviceMeshTest {
    /** Far beyond what anything takes on a machine that has other things to do, too. */
    private static final Duration LONG = Duration.ofMinutes(2);

    /** For what hangs: who hangs shall be given up soon. */
    private static final Duration SHORT = Duration.ofMillis(50);

    /** For who comes back: time to do so, and the time that a test waits for who does not. */
    private static final Duration SOON = Duration.ofSeconds(1);

    private static final MeshLimits PATIENT = new MeshLimits(LONG, LONG, LONG, LONG);

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(120, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("some rank did not come", e);
        }
    }

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
    class OfHealthyDevices {
        @ParameterizedTest
        @ValueSource(ints = {1, 2, 5})
        void opensRunsAndClosesEachOnAThreadOfItsOwn(int size) {
            FaultyDevices group = new FaultyDevices(size);
            Set<Thread> closedBy = ConcurrentHashMap.newKeySet();
            List<Thread> ranBy;
            try (DeviceMesh mesh = DeviceMesh.open(group, PATIENT)) {
                assertThat(mesh.size()).isEqualTo(size);
                ranBy = mesh.collect("a look", rank -> {
                    assertThat(rank.device()).isSameAs(group.devices.get(rank.index()));
                    assertThat(rank.worldSize()).isEqualTo(size);
                    rank.own(() -> {
                        assertThat(group.devices.get(rank.index()).isClosed()).isFalse();
                        closedBy.add(Thread.currentThread());
                    });
                    return Thread.currentThread();
                });
                assertThat(mesh.collect("a second look", rank -> Thread.currentThread()))
                        .isEqualTo(ranBy);
            }
            assertThat(ranBy).doesNotHaveDuplicates().doesNotContain(Thread.currentThread());
            assertThat(ranBy).containsExactly(group.openedBy).allMatch(Thread::isDaemon);
            assertThat(closedBy).containsExactlyInAnyOrderElementsOf(ranBy);
            assertThat(group.devices).allMatch(ReferenceDevice::isClosed);
            assertThat(ranBy).noneMatch(Thread::isAlive);
        }

        @Test
        void runsAllRanksAtTheSameTimeAndGivesTheirResultsInOrder() {
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(4), PATIENT)) {
                CyclicBarrier all = new CyclicBarrier(4);
                for (int round = 0; round < 50; round++) {
                    List<Integer> results = mesh.collect("a meeting", rank -> {
                        meet(all);
                        return 10 * rank.index();
                    });
                    assertThat(results).containsExactly(0, 10, 20, 30);
                }
            }
        }

        @Test
        void handsThousandsOfSmallTasksOverWithoutLosingOne() {
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(3), PATIENT)) {
                // Each rank's own element, written without a fence of its own: the mesh's must do.
                long[] sums = new long[3];
                for (int i = 0; i < 3_000; i++) {
                    int addend = i;
                    mesh.run("an addition", rank -> sums[rank.index()] += addend);
                    assertThat(sums).containsOnly((long) i * (i + 1) / 2);
                }
            }
        }

        @Test
        void letsOneRankWorkAlone() {
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(3), PATIENT)) {
                List<Integer> ran = new ArrayList<>();
                mesh.runOn(2, "a look", rank -> ran.add(rank.index()));
                mesh.runOn(0, "a look", rank -> ran.add(rank.index()));
                assertThat(ran).containsExactly(2, 0);
            }
        }

        @Test
        void takesLimitsBeyondAllMeasure() {
            Duration endless = Duration.ofSeconds(Long.MAX_VALUE);
            MeshLimits limits = new MeshLimits(endless, endless, endless, endless);
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(2), limits)) {
                assertThat(mesh.collect("a look", Rank::index)).containsExactly(0, 1);
            }
        }

        @Test
        void namesItsDevices() {
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(2), PATIENT)) {
                assertThat(mesh.descriptions()).containsExactly("reference (F64)", "reference (F64)");
            }
        }

        @Test
        void takesCallersInTurn() throws InterruptedException {
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(2), PATIENT)) {
                AtomicInteger inside = new AtomicInteger();
                AtomicInteger sum = new AtomicInteger();
                List<Thread> callers = IntStream.range(0, 4)
                        .mapToObj(i -> Thread.ofPlatform().start(() -> {
                            for (int round = 0; round < 100; round++) {
                                mesh.run("a turn", rank -> {
                                    assertThat(inside.incrementAndGet()).isLessThanOrEqualTo(2);
                                    sum.incrementAndGet();
                                    inside.decrementAndGet();
                                });
                            }
                        }))
                        .toList();
                for (Thread caller : callers) {
                    caller.join();
                }
                assertThat(sum).hasValue(4 * 100 * 2);
            }
        }

        @Test
        void finishesTheWorkOfAnInterruptedCallerWhoStaysInterrupted() {
            AtomicBoolean stillInterrupted = new AtomicBoolean();
            AtomicInteger ran = new AtomicInteger();
            try (DeviceMesh mesh = DeviceMesh.open(new FaultyDevices(2), PATIENT)) {
                CountDownLatch release = new CountDownLatch(1);
                Thread caller = Thread.ofPlatform().start(() -> {
                    mesh.run("a wait", rank -> {
                        hang(release);
                        ran.incrementAndGet();
                    });
                    stillInterrupted.set(Thread.currentThread().isInterrupted());
                });
                caller.interrupt();
                await().atMost(LONG).until(() -> caller.getState() == Thread.State.TIMED_WAITING);
                release.countDown();
                await().atMost(LONG).until(() -> !caller.isAlive());
            }
            assertThat(ran).hasValue(2);
            assertThat(stillInterrupted).isTrue();
        }

        @Test
        void closesWhatRanksOwnNewestFirstAndTheDeviceLast() {
            FaultyDevices group = new FaultyDevices(1);
            List<String> closed = new ArrayList<>();
            DeviceMesh mesh = DeviceMesh.open(group, PATIENT);
            mesh.run("an allocation", rank -> {
                rank.own(() -> closed.add("first"));
                rank.own(rank.device().allocate(DType.F32, Shape.of(3)).buffer());
                rank.own(() -> closed.add("second"));
            });
            mesh.close();
            mesh.close();
            assertThat(closed).containsExactly("second", "first");
            assertThat(group.devices.getFirst().liveObjects()).isZero();
            assertThat(group.devices.getFirst().isClosed()).isTrue();
            assertThatIllegalStateException()
                    .isThrownBy(() -> mesh.run("more", rank -> closed.add("late")))
                    .withMessage("the devices are closed");
        }

        @Test
        void closesEverythingAndSaysSoWhenSomethingDoesNotClose() {
            FaultyDevices group = new FaultyDevices(2);
            DeviceMesh mesh = DeviceMesh.open(group, PATIENT);
            mesh.run(
                    "a trap",
                    rank -> rank.own(() -> {
                        throw new IllegalArgumentException("planted in rank " + rank.index());
                    }));
            Throwable error = catchThrowable(mesh::close);
            assertThat(error)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("while trying to close the devices")
                    .hasRootCauseMessage("planted in rank 0");
            assertThat(error.getSuppressed())
                    .singleElement()
                    .satisfies(other -> assertThat(other).hasMessage("planted in rank 1"));
            assertThat(group.devices).allMatch(ReferenceDevice::isClosed);
        }
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

    @Test
    void limitsArePositive() {
        EngineException error = refused(() -> PATIENT.withStep(Duration.ZERO));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessage("the time limit 'step' is PT0S; it must be positive");
        assertThatThrownBy(() -> new MeshLimits(LONG, LONG, LONG, Duration.ofMillis(-1)))
                .hasMessageContaining("'stop' is PT-0.001S");
    }
}
