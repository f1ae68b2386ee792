package io.pangu.runtime.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    @Test
    void cutsLongPromptsIntoChunksOfTheBudget() {
        Scheduler scheduler = new Scheduler(settings(16, 8, 4));
        Sequence sequence = generation(20, 5, 1);
        scheduler.add(sequence);
        assertSlices(step(scheduler), "0+8 outputs 0");
        assertSlices(step(scheduler), "8+8 outputs 0");
        assertSlices(step(scheduler), "16+4 outputs 1");
        sequence.append(7);
        assertSlices(step(scheduler), "20+1 outputs 1");
    }

    @Test
    void decodesRunBesideAChunkAndBeforeIt() {
        Scheduler scheduler = new Scheduler(settings(16, 8, 4));
        Sequence decoding = generation(3, 5, 1);
        Sequence prompt = generation(20, 5, 2);
        scheduler.add(decoding);
        step(scheduler);
        decoding.append(7);
        scheduler.add(prompt);
        ScheduledBatch batch = scheduler.schedule();
        assertThat(batch.slices()).extracting(Slice::sequence).containsExactly(decoding, prompt);
        assertSlices(batch, "3+1 outputs 1", "0+7 outputs 0");
    }

    @Test
    void admitsInOrderOfArrivalUpToTheMostSequences() {
        Scheduler scheduler = new Scheduler(settings(64, 8, 2));
        List<Sequence> sequences =
                IntStream.range(0, 3).mapToObj(i -> generation(2, 5, i)).toList();
        sequences.forEach(scheduler::add);
        ScheduledBatch batch = step(scheduler);
        assertThat(batch.slices()).extracting(Slice::sequence).containsExactly(sequences.get(0), sequences.get(1));
        assertThat(scheduler.numRunning()).isEqualTo(2);
        assertThat(scheduler.numWaiting()).isEqualTo(1);
        scheduler.remove(sequences.get(0));
        sequences.get(1).append(1);
        assertThat(step(scheduler).slices())
                .extracting(Slice::sequence)
                .containsExactly(sequences.get(1), sequences.get(2));
    }

    @Test
    void preemptsNewestSequenceWhenBlocksRunOut() {
        Scheduler scheduler = new Scheduler(settings(4, 16, 4));
        Sequence older = generation(6, 6, 1);
        Sequence newer = generation(4, 8, 2);
        scheduler.add(older);
        scheduler.add(newer);
        for (int i = 0; i < 3; i++) {
            assertThat(step(scheduler).slices()).as("step %d", i).hasSize(2);
            older.append(30 + i);
            newer.append(60 + i);
        }
        // Nine tokens need three blocks and seven need two: one more than there are.
        ScheduledBatch batch = step(scheduler);
        assertThat(batch.slices()).extracting(Slice::sequence).containsExactly(older);
        assertThat(scheduler.preemptions()).isEqualTo(1);
        assertThat(newer.blocks().size()).isZero();

        scheduler.remove(older);
        ScheduledBatch again = step(scheduler);
        assertThat(again.slices()).extracting(Slice::sequence).containsExactly(newer);
        assertThat(again.slices().getFirst().start() + again.slices().getFirst().count())
                .as("its prompt and what it had generated")
                .isEqualTo(7);
        assertThat(again.numOutputs()).isEqualTo(1);
    }

    @Test
    void findsComputedPrefixesAgain() {
        Scheduler scheduler = new Scheduler(settings(16, 32, 4));
        Sequence first = generation(10, 1, 1);
        scheduler.add(first);
        step(scheduler);
        scheduler.remove(first);
        Sequence second = generation(10, 1, 1);
        scheduler.add(second);
        assertSlices(step(scheduler), "8+2 outputs 1");
        assertThat(second.numCached()).isEqualTo(8);
        Sequence other = generation(10, 1, 2);
        scheduler.add(other);
        scheduler.remove(second);
        assertSlices(step(scheduler), "0+10 outputs 1");
    }

    @Test
    void computesTheLastTokenOfAWhollyKnownPrompt() {
        Scheduler scheduler = new Scheduler(settings(16, 32, 4));
        Sequence first = generation(8, 1, 1);
        scheduler.add(first);
        step(scheduler);
        Sequence second = generation(8, 1, 1);
        scheduler.add(second);
        scheduler.remove(first);
        assertSlices(step(scheduler), "4+4 outputs 1");
    }

    @Test
    void sharesBlocksOnlyAfterTheirTokensAreComputed() {
        Scheduler scheduler = new Scheduler(settings(16, 32, 4));
        scheduler.add(generation(10, 1, 1));
        scheduler.add(generation(10, 1, 1));
        assertSlices(step(scheduler), "0+10 outputs 1", "0+10 outputs 1");
    }

    @Test
    void sharesNothingWhenPrefixCachingIsOff() {
        Scheduler scheduler = new Scheduler(new SchedulerSettings(16, 4, 32, 4, PrefixCaching.OFF));
        Sequence first = generation(10, 1, 1);
        scheduler.add(first);
        step(scheduler);
        scheduler.remove(first);
        scheduler.add(generation(10, 1, 1));
        assertSlices(step(scheduler), "0+10 outputs 1");
    }

    @Test
    void computesEveryTokenWhoseOutputIsWanted() {
        Scheduler scheduler = new Scheduler(settings(16, 6, 4));
        for (int i = 0; i < 2; i++) {
            Sequence pooled = new Sequence(tokens(10, 1), 10, 1);
            scheduler.add(pooled);
            assertSlices(step(scheduler), "0+6 outputs 5");
            assertSlices(step(scheduler), "6+4 outputs 4");
            scheduler.remove(pooled);
        }
    }

    @Test
    void replacedTailKeepsTheCommonPartAndIsNotShared() {
        Scheduler scheduler = new Scheduler(settings(16, 32, 4));
        Sequence sequence = new Sequence(tokens(6, 1), 12, 5);
        sequence.limitSharing(6);
        scheduler.add(sequence);
        assertSlices(step(scheduler), "0+6 outputs 1");
        sequence.replaceTail(6, new int[] {1, 2, 3, 4, 5, 6});
        assertSlices(step(scheduler), "6+6 outputs 6");
        sequence.replaceTail(6, new int[] {9, 9});
        assertSlices(step(scheduler), "6+2 outputs 2");
        scheduler.remove(sequence);

        int[] longer = Arrays.copyOf(tokens(6, 1), 12);
        System.arraycopy(new int[] {1, 2, 3, 4, 5, 6}, 0, longer, 6, 6);
        Sequence same = new Sequence(longer, 12, 11);
        scheduler.add(same);
        step(scheduler);
        assertThat(same.numCached())
                .as("the one block that was in the prompt alone")
                .isEqualTo(4);
    }

    @Test
    void refusesWhatTheCacheCanNeverHold() {
        Scheduler scheduler = new Scheduler(settings(4, 8, 4));
        assertThatThrownBy(() -> scheduler.add(generation(10, 7, 1)))
                .isInstanceOfSatisfying(EngineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
                    assertThat(e).hasMessageContaining("17 tokens").hasMessageContaining("holds 16");
                });
        scheduler.add(generation(10, 6, 1));
        assertThat(step(scheduler).numTokens()).isEqualTo(8);
    }

    @Test
    void removesWaitingAndUnknownSequencesQuietly() {
        Scheduler scheduler = new Scheduler(settings(4, 8, 1));
        Sequence running = generation(4, 4, 1);
        Sequence waiting = generation(4, 4, 2);
        scheduler.add(running);
        scheduler.add(waiting);
        step(scheduler);
        scheduler.remove(waiting);
        scheduler.remove(waiting);
        assertThat(scheduler.numWaiting()).isZero();
        scheduler.remove(running);
        assertThat(scheduler.schedule().isEmpty()).isTrue();
        assertThat(scheduler.numFreeBlocks()).isEqualTo(4);
    }

    @Test
    void sequenceRefusesWhatItWasNotMadeFor() {
        assertThatThrownBy(() -> new Sequence(new int[0], 4, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Sequence(new int[2], 4, 2)).isInstanceOf(IllegalArgumentException.class);
        Sequence sequence = new Sequence(new int[2], 3, 1);
        sequence.append(1);
        assertThatThrownBy(() -> sequence.append(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> sequence.replaceTail(1, new int[1])).isInstanceOf(IllegalArgumentException.class);
    }

    private static SchedulerSettings settings(int numBlocks, int maxBatchTokens, int maxSequences) {
        return new SchedulerSettings(numBlocks, 4, maxBatchTokens, maxSequences, PrefixCaching.ON);
    }

    private static Sequence generation(int promptTokens, int maxNew, int salt) {
        return new Sequence(tokens(promptTokens, salt), promptTokens + maxNew, promptTokens - 1);
    }

    private static int[] tokens(int count, int salt) {
        return IntStream.range(0, count).map(i -> 1000 * salt + i).toArray();
    }

    private static ScheduledBatch step(Scheduler scheduler) {
        ScheduledBatch batch = scheduler.schedule();
        scheduler.complete(batch);
        return batch;
    }

    private static void assertSlices(ScheduledBatch batch, String... expected) {
        assertThat(batch.slices())
                .extracting(slice -> slice.start() + "+" + slice.count() + " outputs " + slice.numOutputs())
                .containsExactly(expected);
    }
}
