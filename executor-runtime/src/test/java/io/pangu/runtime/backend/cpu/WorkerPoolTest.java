package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class WorkerPoolTest {
    /** Far beyond what anything takes on a machine that has other things to do, too. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private static List<Thread> workers(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name + "-worker-"))
                .toList();
    }

    private static void awaitAllParked(String name) {
        await().atMost(LIMIT)
                .until(() -> workers(name).stream().allMatch(thread -> thread.getState() == Thread.State.WAITING));
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(120, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new AssertionError("some thread did not come", e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void runsEveryChunkOnce(int threads) {
        try (WorkerPool pool = new WorkerPool(threads, "once")) {
            assertThat(pool.threads()).isEqualTo(threads);
            for (int chunks : new int[] {0, 1, 2, threads, threads + 1, 100, 5000}) {
                AtomicIntegerArray runs = new AtomicIntegerArray(chunks);
                pool.parallelFor(chunks, runs::incrementAndGet);
                for (int i = 0; i < chunks; i++) {
                    assertThat(runs.get(i)).as("chunk %d of %d", i, chunks).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void returnsOnlyWhenAllIsDoneHoweverManyJobsFollowEachOther() {
        try (WorkerPool pool = new WorkerPool(3, "small")) {
            long[] sums = new long[4];
            for (int job = 0; job < 30_000; job++) {
                int addend = job;
                // Each chunk's own element, written without a fence of its own: the pool's must do.
                pool.parallelFor(4, chunk -> sums[chunk] += addend);
            }
            assertThat(sums).containsOnly(30_000L * 29_999 / 2);
        }
    }

    @Test
    void wakesEveryThreadThatHasGoneToSleep() {
        int threads = 4;
        try (WorkerPool pool = new WorkerPool(threads, "sleepy")) {
            for (int round = 0; round < 20; round++) {
                awaitAllParked("sleepy");
                CyclicBarrier all = new CyclicBarrier(threads);
                Set<Thread> met = ConcurrentHashMap.newKeySet();
                // No chunk ends before as many threads work as there are.
                pool.parallelFor(threads, chunk -> {
                    met.add(Thread.currentThread());
                    meet(all);
                });
                assertThat(met).hasSize(threads).contains(Thread.currentThread());
            }
        }
    }

    @Test
    void throwsWhatABodyThrewAndGoesOnAfterwards() {
        try (WorkerPool pool = new WorkerPool(3, "faulty")) {
            for (int round = 0; round < 200; round++) {
                int bad = round % 10;
                assertThatThrownBy(() -> pool.parallelFor(10, chunk -> {
                            if (chunk == bad) {
                                throw new IllegalStateException("chunk " + chunk);
                            }
                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("chunk " + bad);
            }
            assertThatThrownBy(() -> pool.parallelFor(10, chunk -> {
                        throw new StackOverflowError("planted");
                    }))
                    .isInstanceOf(StackOverflowError.class);
            assertThat(workers("faulty")).hasSize(2).allMatch(Thread::isAlive);
            AtomicInteger sum = new AtomicInteger();
            pool.parallelFor(100, sum::addAndGet);
            assertThat(sum).hasValue(4950);
        }
    }

    @Test
    void leavesOutChunksAfterAFailure() {
        try (WorkerPool pool = new WorkerPool(2, "brief")) {
            AtomicInteger runs = new AtomicInteger();
            assertThatThrownBy(() -> pool.parallelFor(1_000_000, chunk -> {
                        runs.incrementAndGet();
                        throw new IllegalArgumentException("the first is enough");
                    }))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(runs.get()).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void finishesTheWorkOfAnInterruptedCallerWhoStaysInterrupted() {
        try (WorkerPool pool = new WorkerPool(2, "interrupted")) {
            awaitAllParked("interrupted");
            CyclicBarrier both = new CyclicBarrier(2);
            AtomicLong sum = new AtomicLong();
            AtomicBoolean stillInterrupted = new AtomicBoolean();
            Thread caller = Thread.ofPlatform().start(() -> {
                pool.parallelFor(2, chunk -> meet(both));
                Thread.currentThread().interrupt();
                for (int job = 0; job < 200; job++) {
                    pool.parallelFor(50, sum::addAndGet);
                }
                stillInterrupted.set(Thread.currentThread().isInterrupted());
            });
            await().atMost(LIMIT).until(() -> !caller.isAlive());
            assertThat(sum).hasValue(200L * 1225);
            assertThat(stillInterrupted).isTrue();
        }
    }

    @Test
    void endsItsThreadsWhenClosedAsleepOrAwake() {
        for (int round = 0; round < 20; round++) {
            WorkerPool pool = new WorkerPool(4, "closing");
            if (round % 2 == 0) {
                awaitAllParked("closing");
            } else {
                pool.parallelFor(8, chunk -> {});
            }
            pool.close();
            assertThat(workers("closing")).isEmpty();
            pool.close();
            assertThatThrownBy(() -> pool.parallelFor(1, chunk -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the worker threads are closed");
        }
    }

    @Test
    void needsAThread() {
        assertThatThrownBy(() -> new WorkerPool(0, "none"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("0 threads");
    }

    @Test
    void rangesCoverEveryRowOnceWhateverTheGrain() {
        try (WorkerPool pool = new WorkerPool(3, "ranges")) {
            for (int count : new int[] {0, 1, 2, 15, 16, 17, 1000}) {
                for (int grain : new int[] {1, 2, 7, 16, 999, 1000, 1001, Integer.MAX_VALUE}) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(count);
                    pool.forRanges(count, grain, (from, end) -> {
                        assertThat(end - from).isBetween(1, grain);
                        for (int i = from; i < end; i++) {
                            runs.incrementAndGet(i);
                        }
                    });
                    for (int i = 0; i < count; i++) {
                        assertThat(runs.get(i))
                                .as("row %d of %d by %d", i, count, grain)
                                .isEqualTo(1);
                    }
                }
            }
        }
    }

    @Test
    void grainsMakeAFewRangesOfWorthwhileSize() {
        try (WorkerPool pool = new WorkerPool(4, "grains")) {
            assertThat(pool.grain(1600, 1_000_000)).as("four ranges a thread").isEqualTo(100);
            assertThat(pool.grain(1600, 1)).as("cheap rows stay together").isGreaterThan(1600);
            assertThat(pool.grain(1, Long.MAX_VALUE)).isEqualTo(1);
            assertThat(pool.grain(Integer.MAX_VALUE, 0)).isPositive();
            assertThat(pool.grain(0, 5)).isPositive();
        }
    }

    @Test
    void severalPoolsDoNotMeddle() {
        List<WorkerPool> pools = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pools.add(new WorkerPool(2, "pool-" + i));
        }
        for (int job = 0; job < 300; job++) {
            for (WorkerPool pool : pools) {
                AtomicInteger sum = new AtomicInteger();
                pool.parallelFor(20, sum::addAndGet);
                assertThat(sum).hasValue(190);
            }
        }
        pools.forEach(WorkerPool::close);
    }
}
