package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(600)
class RendezvousTest {
    /** Far beyond what anything takes on a machine that has other things to do, too. */
    private static final Duration LONG = Duration.ofMinutes(2);

    private static final Duration SHORT = Duration.ofMillis(100);

    private static void meet(Rendezvous rendezvous, int rank, String operation, Rendezvous.Share share) {
        rendezvous.meet(rank, operation, MemorySegment.ofArray(new int[1]), share);
    }

    /** What a thread of a rank does; may throw. */
    private interface Work {
        void run(int rank);
    }

    /** Runs the work on a thread for each rank and gives what each threw, or null. */
    private static List<@Nullable Throwable> onThreads(int size, Work work) {
        List<@Nullable Throwable> thrown = new ArrayList<>();
        List<Thread> threads = IntStream.range(0, size)
                .mapToObj(rank -> {
                    thrown.add(null);
                    return Thread.ofPlatform().unstarted(() -> thrown.set(rank, catchThrowable(() -> work.run(rank))));
                })
                .toList();
        threads.forEach(Thread::start);
        await().atMost(LONG).until(() -> threads.stream().noneMatch(Thread::isAlive));
        return thrown;
    }

    private static EngineException error(@Nullable Throwable thrown) {
        assertThat(thrown).isInstanceOf(EngineException.class);
        return (EngineException) Objects.requireNonNull(thrown);
    }

    private static void hang(CountDownLatch release) {
        try {
            assertThat(release.await(120, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 50", "2, 50", "2, 0", "5, 0"})
    void everyRankSeesTheMemoryOfAllAndNobodyLeavesBeforeAllAreDone(int size, int spinMicros) {
        Rendezvous rendezvous = new Rendezvous(size, LONG, Duration.ofNanos(1_000L * spinMicros));
        int rounds = 400;
        int[][] memory = new int[size][1];
        List<@Nullable Throwable> thrown = onThreads(size, rank -> {
            MemorySegment own = MemorySegment.ofArray(memory[rank]);
            for (int round = 0; round < rounds; round++) {
                own.set(ValueLayout.JAVA_INT, 0, round * size + rank);
                int[] seen = new int[size];
                int expected = round;
                rendezvous.meet(rank, "count", own, all -> {
                    assertThat(all).hasSize(size);
                    for (int other = 0; other < size; other++) {
                        seen[other] = all.get(other).get(ValueLayout.JAVA_INT, 0);
                    }
                });
                // Had anybody left early, its next number would have been seen.
                assertThat(seen)
                        .isEqualTo(IntStream.range(0, size)
                                .map(other -> expected * size + other)
                                .toArray());
            }
        });
        assertThat(thrown).containsOnlyNulls();
    }

    @Test
    void callsThatDifferAreRefusedOnEveryRankWithBothNames() {
        Rendezvous rendezvous = new Rendezvous(3, LONG, Duration.ZERO);
        AtomicInteger worked = new AtomicInteger();
        List<@Nullable Throwable> thrown = onThreads(
                3,
                rank -> meet(
                        rendezvous,
                        rank,
                        rank == 2 ? "allGather of 8 elements" : "allReduce of 8 elements",
                        all -> worked.incrementAndGet()));
        assertThat(worked).hasValue(0);
        long said = thrown.stream()
                .map(RendezvousTest::error)
                .filter(e -> e.code() == ErrorCode.INTERNAL)
                .peek(e -> assertThat(e)
                        .hasMessage(
                                "ranks disagree in their collective number 0: rank 0 came to allReduce of 8 elements,"
                                        + " rank 2 to allGather of 8 elements; all must call the same operations on the same"
                                        + " sizes in the same order"))
                .count();
        assertThat(said).isPositive();
        // Whoever did not compare names who did.
        thrown.stream()
                .map(RendezvousTest::error)
                .filter(e -> e.code() != ErrorCode.INTERNAL)
                .forEach(e -> assertThat(e)
                        .hasMessageContaining("when the group was broken off: ranks disagree")
                        .hasCauseInstanceOf(EngineException.class));
    }

    @Test
    void whoDoesNotComeIsNamedByThoseWhoWaited() {
        Rendezvous rendezvous = new Rendezvous(3, SHORT, Duration.ZERO);
        List<@Nullable Throwable> thrown = onThreads(3, rank -> {
            if (rank != 1) {
                meet(rendezvous, rank, "allReduce of 4 elements", all -> {});
            }
        });
        List<EngineException> errors = List.of(error(thrown.get(0)), error(thrown.get(2)));
        assertThat(errors).allMatch(e -> e.code() == ErrorCode.DEVICE_LOST);
        assertThat(errors)
                .anySatisfy(e -> assertThat(e)
                        .hasMessageContaining(
                                "waited 100 ms for ranks [1] in allReduce of 4 elements; start a new engine"));
        assertThat(thrown.get(1)).isNull();
        EngineException late = error(catchThrowable(() -> meet(rendezvous, 1, "allReduce of 4 elements", all -> {})));
        assertThat(late.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(late)
                .hasMessageStartingWith("rank 1 came to allReduce of 4 elements when the group was broken off: rank ");
    }

    @Test
    void breakingOffEndsTheWaitingOfAllWithTheFirstReason() {
        Rendezvous rendezvous = new Rendezvous(3, LONG, Duration.ZERO);
        IllegalStateException reason = new IllegalStateException("rank 2 is gone");
        CountDownLatch waiting = new CountDownLatch(2);
        List<@Nullable Throwable> thrown = onThreads(3, rank -> {
            if (rank == 2) {
                hang(waiting);
                rendezvous.abort(reason);
                rendezvous.abort(new IllegalStateException("too late"));
            } else {
                waiting.countDown();
                meet(rendezvous, rank, "allReduce of 4 elements", all -> {});
            }
        });
        assertThat(thrown.get(2)).isNull();
        for (int rank = 0; rank < 2; rank++) {
            EngineException error = error(thrown.get(rank));
            assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(error)
                    .hasMessageStartingWith("rank " + rank + " ")
                    .hasMessageEndingWith(" when the group was broken off: rank 2 is gone")
                    .hasCause(reason);
        }
    }

    @Test
    void aShareThatFailsBreaksAllOff() {
        Rendezvous rendezvous = new Rendezvous(2, LONG, Duration.ZERO);
        IllegalStateException planted = new IllegalStateException("planted");
        List<@Nullable Throwable> thrown = onThreads(
                2,
                rank -> meet(rendezvous, rank, "allReduce of 4 elements", all -> {
                    if (rank == 0) {
                        throw planted;
                    }
                }));
        assertThat(thrown.get(0)).isSameAs(planted);
        assertThat(error(thrown.get(1)).code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(error(thrown.get(1))).hasCause(planted);
    }

    @Test
    void nobodyLeavesABrokenMeetingWhileAnotherIsStillInItsMemory() {
        Rendezvous rendezvous = new Rendezvous(2, LONG, Duration.ZERO);
        CountDownLatch touching = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean hasStopped = new AtomicBoolean();
        AtomicBoolean leftEarly = new AtomicBoolean();
        Thread breaker = Thread.ofPlatform().start(() -> {
            hang(touching);
            rendezvous.abort(new IllegalStateException("planted"));
            // Time enough for rank 0 to leave, if it did.
            LockSupport.parkNanos(50_000_000);
            release.countDown();
        });
        List<@Nullable Throwable> thrown = onThreads(2, rank -> {
            try {
                meet(rendezvous, rank, "allReduce of 4 elements", all -> {
                    if (rank == 1) {
                        touching.countDown();
                        hang(release);
                        hasStopped.set(true);
                    }
                });
            } finally {
                leftEarly.compareAndSet(false, rank == 0 && !hasStopped.get());
            }
        });
        assertThat(leftEarly).isFalse();
        assertThat(hasStopped).isTrue();
        for (Throwable each : thrown) {
            // None, where all were done before it was noticed.
            if (each != null) {
                assertThat(error(each)).hasMessageEndingWith("when the group was broken off: planted");
            }
        }
        await().atMost(LONG).until(() -> !breaker.isAlive());
    }

    @Test
    void anInterruptDoesNotEndTheWaitingAndIsKept() {
        Rendezvous rendezvous = new Rendezvous(2, LONG, Duration.ZERO);
        AtomicBoolean stillInterrupted = new AtomicBoolean();
        CountDownLatch waiting = new CountDownLatch(1);
        List<@Nullable Throwable> thrown = onThreads(2, rank -> {
            if (rank == 0) {
                Thread.currentThread().interrupt();
                waiting.countDown();
            } else {
                hang(waiting);
            }
            meet(rendezvous, rank, "allReduce of 4 elements", all -> {});
            if (rank == 0) {
                stillInterrupted.set(Thread.currentThread().isInterrupted());
            }
        });
        assertThat(thrown).containsOnlyNulls();
        assertThat(stillInterrupted).isTrue();
    }
}
