package io.pangu.runtime.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who gets tokens and blocks first, and that nobody waits for ever. */
class SchedulerFairnessTest {
    private static final int BLOCK_SIZE = 4;

    private static SchedulerSettings settings(int numBlocks, int maxBatchTokens, int maxSequences) {
        return new SchedulerSettings(numBlocks, BLOCK_SIZE, maxBatchTokens, maxSequences, PrefixCaching.OFF);
    }

    private static Sequence generation(int promptTokens, int maxNew) {
        return new Sequence(new int[promptTokens], promptTokens + maxNew, promptTokens - 1);
    }

    private static List<Sequence> scheduled(ScheduledBatch batch) {
        return batch.slices().stream().map(Slice::sequence).toList();
    }

    /** Completes a step and gives every sequence that has its output another token. */
    private static ScheduledBatch step(Scheduler scheduler) {
        ScheduledBatch batch = scheduler.schedule();
        scheduler.complete(batch);
        for (Slice slice : batch.slices()) {
            if (slice.numOutputs() > 0) {
                slice.sequence().append(7);
            }
        }
        return batch;
    }

    @Test
    void aLargePromptAtTheHeadIsNotOvertaken() {
        Scheduler scheduler = new Scheduler(settings(10, 64, 8));
        Sequence running = generation(8, 30);
        Sequence large = generation(36, 1);
        scheduler.add(running);
        step(scheduler);
        scheduler.add(large);
        for (int i = 0; i < 20; i++) {
            scheduler.add(generation(1, 1));
            assertThat(scheduled(step(scheduler)))
                    .as("small ones would fit, the large one would then wait for ever")
                    .containsExactly(running);
        }
        scheduler.remove(running);
        assertThat(scheduled(step(scheduler))).contains(large);
    }

    @Test
    void decodesNeverMissAStepBesideLongPrompts() {
        Scheduler scheduler = new Scheduler(settings(200, 8, 4));
        List<Sequence> decoding = List.of(generation(2, 90), generation(2, 90), generation(2, 90));
        decoding.forEach(scheduler::add);
        step(scheduler);
        Sequence prompt = generation(300, 1);
        scheduler.add(prompt);
        int steps = 0;
        while (prompt.numComputed() < 300) {
            ScheduledBatch batch = step(scheduler);
            assertThat(scheduled(batch)).containsAll(decoding);
            assertThat(batch.numTokens()).isEqualTo(8);
            steps++;
        }
        assertThat(steps).as("five tokens a step").isEqualTo(60);
    }

    @Test
    void promptsAreReadOneAfterTheOther() {
        Scheduler scheduler = new Scheduler(settings(100, 10, 3));
        List<Sequence> prompts = List.of(generation(25, 1), generation(25, 1), generation(25, 1));
        prompts.forEach(scheduler::add);
        List<String> order = new ArrayList<>();
        for (ScheduledBatch batch = scheduler.schedule(); !batch.isEmpty(); batch = scheduler.schedule()) {
            scheduler.complete(batch);
            assertThat(batch.numTokens()).isLessThanOrEqualTo(10);
            for (Slice slice : batch.slices()) {
                order.add(prompts.indexOf(slice.sequence()) + ":" + slice.count());
                if (slice.numOutputs() > 0) {
                    scheduler.remove(slice.sequence());
                }
            }
        }
        assertThat(order).containsExactly("0:10", "0:10", "0:5", "1:5", "1:10", "1:10", "2:10", "2:10", "2:5");
    }

    @Test
    void keepsABlockInReserveForEachThatRuns() {
        Scheduler scheduler = new Scheduler(settings(6, 64, 8));
        Sequence first = generation(4, 12);
        Sequence second = generation(4, 12);
        scheduler.add(first);
        scheduler.add(second);
        assertThat(scheduled(step(scheduler))).containsExactly(first, second);
        // Two blocks are taken, two more with the next token: a newcomer of one block finds two free and two that run.
        Sequence newcomer = generation(4, 12);
        scheduler.add(newcomer);
        assertThat(scheduled(step(scheduler))).containsExactly(first, second);
        assertThat(scheduler.numFreeBlocks()).isEqualTo(2);
        scheduler.remove(second);
        assertThat(scheduled(step(scheduler))).containsExactly(first, newcomer);
        assertThat(scheduler.preemptions()).isZero();
    }

    @Test
    void whatWasPreemptedGoesBeforeNewcomers() {
        Scheduler scheduler = new Scheduler(settings(4, 64, 8));
        Sequence older = generation(4, 12);
        Sequence newer = generation(4, 12);
        scheduler.add(older);
        scheduler.add(newer);
        for (int steps = 0; scheduler.preemptions() == 0; steps++) {
            assertThat(steps).isLessThan(20);
            step(scheduler);
        }
        assertThat(scheduler.numRunning()).isEqualTo(1);
        Sequence newcomer = generation(1, 1);
        scheduler.add(newcomer);
        assertThat(scheduled(step(scheduler))).containsExactly(older);
        scheduler.remove(older);
        assertThat(scheduled(step(scheduler)).getFirst()).isSameAs(newer);
    }

    @Test
    void theOldestNeverGivesItsBlocksBack() {
        Scheduler scheduler = new Scheduler(settings(8, 64, 8));
        List<Sequence> sequences =
                IntStream.range(0, 8).mapToObj(i -> generation(3, 28)).toList();
        sequences.forEach(scheduler::add);
        for (Sequence oldest : sequences) {
            int before = oldest.numComputed();
            while (oldest.numTokens() < 31) {
                step(scheduler);
                assertThat(oldest.numComputed()).as("goes on every step").isGreaterThan(before);
                before = oldest.numComputed();
            }
            scheduler.remove(oldest);
        }
        assertThat(scheduler.preemptions()).isPositive();
        assertThat(scheduler.numFreeBlocks()).isEqualTo(8);
        assertThat(scheduler.schedule().isEmpty()).isTrue();
    }

    @Test
    void aSequenceAsLongAsTheCacheRunsAlone() {
        Scheduler scheduler = new Scheduler(settings(4, 5, 5));
        Sequence whole = generation(10, 6);
        Sequence other = generation(1, 2);
        scheduler.add(whole);
        scheduler.add(other);
        for (int steps = 0; whole.numTokens() < 16; steps++) {
            assertThat(steps).isLessThan(20);
            step(scheduler);
        }
        assertThat(scheduled(scheduler.schedule())).contains(whole);
        scheduler.remove(whole);
        assertThat(scheduled(step(scheduler))).containsExactly(other);
    }

    @Test
    void settingsMustLeaveEverySequenceAToken() {
        assertThatThrownBy(() -> settings(4, 7, 8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("blocks 4 of 4 tokens, 7 tokens a step, 8 sequences: each at least 1, tokens at least"
                        + " sequences");
        assertThatThrownBy(() -> settings(0, 8, 8)).isInstanceOf(IllegalArgumentException.class);
        assertThat(new SchedulerSettings(1 << 20, 1 << 20, 8, 8, PrefixCaching.ON).capacityTokens())
                .as("more than an int counts")
                .isEqualTo(Integer.MAX_VALUE);
    }
}
