package io.pangu.runtime.parallel;

import static io.pangu.runtime.parallel.FaultyDevices.hang;
import static org.assertj.core.api.Assertions.assertThat;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class DeviceMeshTest {
    /** Far beyond what anything takes on a machine that has other things to do, too. */
    private static final Duration LONG = Duration.ofMinutes(2);

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

    @Test
    void limitsArePositive() {
        EngineException error = refused(() -> PATIENT.withStep(Duration.ZERO));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessage("the time limit 'step' is PT0S; it must be positive");
        assertThatThrownBy(() -> new MeshLimits(LONG, LONG, LONG, Duration.ofMillis(-1)))
                .hasMessageContaining("'stop' is PT-0.001S");
    }
}
