package io.pangu.runtime.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random loads on small caches, with the cache's contents simulated token by token. */
class SchedulerSimulationTest {
    private static final int BLOCK_SIZE = 4;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void everySequenceEndsAndNoBlockIsLostOrUsedTwice(long seed) {
        Random random = new Random(seed);
        int numBlocks = 8 + random.nextInt(20);
        int maxSequences = 1 + random.nextInt(8);
        SchedulerSettings settings = new SchedulerSettings(
                numBlocks,
                BLOCK_SIZE,
                maxSequences + random.nextInt(20),
                maxSequences,
                random.nextBoolean() ? PrefixCaching.ON : PrefixCaching.OFF);
        new Simulation(settings, random).run(120);
    }

    private static final class Simulation {
        private final SchedulerSettings settings;
        private final Random random;
        private final Scheduler scheduler;
        // Token in each slot, -1 where none was written.
        private final int[] cache;
        private final Map<Sequence, Integer> stepsLeft = new HashMap<>();
        private final List<Sequence> neverRun = new ArrayList<>();

        Simulation(SchedulerSettings settings, Random random) {
            this.settings = settings;
            this.random = random;
            this.scheduler = new Scheduler(settings);
            this.cache = new int[settings.capacityTokens()];
            Arrays.fill(cache, -1);
        }

        void run(int numSequences) {
            int added = 0;
            int steps = 0;
            while (added < numSequences || !stepsLeft.isEmpty()) {
                while (added < numSequences && random.nextInt(3) > 0) {
                    add();
                    added++;
                }
                if (random.nextInt(20) == 0 && !stepsLeft.isEmpty()) {
                    Sequence victim = stepsLeft.keySet().iterator().next();
                    scheduler.remove(victim);
                    neverRun.remove(victim);
                    stepsLeft.remove(victim);
                }
                step();
                assertThat(++steps).as("steps").isLessThan(100_000);
            }
            assertThat(scheduler.numFreeBlocks()).isEqualTo(settings.numBlocks());
            assertThat(scheduler.numRunning() + scheduler.numWaiting()).isZero();
        }

        private void add() {
            int most = settings.capacityTokens();
            int prompt = 1 + random.nextInt(Math.min(30, most - 1));
            int generated = 1 + random.nextInt(Math.min(20, most - prompt));
            int[] tokens = new int[prompt];
            int common = random.nextInt(3);
            for (int i = 0; i < prompt; i++) {
                // Few different beginnings, so that prefixes are found.
                tokens[i] = i < 20 ? common * 100 + i : random.nextInt(1000);
            }
            Sequence sequence = new Sequence(tokens, prompt + generated, prompt - 1);
            scheduler.add(sequence);
            stepsLeft.put(sequence, generated);
            neverRun.add(sequence);
        }

        private void step() {
            ScheduledBatch batch = scheduler.schedule();
            assertThat(batch.isEmpty()).isEqualTo(stepsLeft.isEmpty());
            assertThat(batch.numTokens()).isLessThanOrEqualTo(settings.maxBatchTokens());
            assertThat(batch.slices().size()).isLessThanOrEqualTo(settings.maxSequences());
            Set<Integer> written = new HashSet<>();
            for (Slice slice : batch.slices()) {
                assertThat(stepsLeft).containsKey(slice.sequence());
                checkFirstComeFirstServed(slice.sequence());
                for (int i = slice.start(); i < slice.start() + slice.count(); i++) {
                    int slot = slot(slice.sequence(), i);
                    assertThat(written.add(slot))
                            .as("slot %d written twice", slot)
                            .isTrue();
                    cache[slot] = slice.sequence().token(i);
                }
            }
            for (Slice slice : batch.slices()) {
                for (int i = 0; i < slice.start() + slice.count(); i++) {
                    assertThat(cache[slot(slice.sequence(), i)])
                            .as("token %d", i)
                            .isEqualTo(slice.sequence().token(i));
                }
            }
            scheduler.complete(batch);
            batch.slices().forEach(this::postprocess);
        }

        private void checkFirstComeFirstServed(Sequence sequence) {
            int place = neverRun.indexOf(sequence);
            assertThat(place).as("sequences before it that never ran").isLessThanOrEqualTo(0);
            neverRun.remove(sequence);
        }

        private void postprocess(Slice slice) {
            Sequence sequence = slice.sequence();
            boolean atEnd = sequence.numComputed() == sequence.numTokens();
            assertThat(slice.numOutputs()).isEqualTo(atEnd ? 1 : 0);
            if (!atEnd) {
                return;
            }
            int left = stepsLeft.merge(sequence, -1, Integer::sum);
            if (left == 0) {
                stepsLeft.remove(sequence);
                scheduler.remove(sequence);
                return;
            }
            sequence.append(random.nextInt(1000));
        }

        private static int slot(Sequence sequence, int token) {
            return sequence.blocks().block(token / BLOCK_SIZE) * BLOCK_SIZE + token % BLOCK_SIZE;
        }
    }
}
