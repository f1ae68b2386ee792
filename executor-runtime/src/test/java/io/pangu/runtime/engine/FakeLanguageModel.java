package io.pangu.runtime.engine;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.model.ExpertLoad;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.tensor.DType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A model whose every output is a function of the whole context, read back token by token from a simulated paged cache: a
 * wrong slot, block table, position or shared block gives other tokens or fails at once. One thread, checked.
 */
final class FakeLanguageModel implements LanguageModel {
    static final int HIDDEN_SIZE = 6;

    private final int blockSize;
    private final long[] cache; // (slots): position and token, -1 where nothing was written
    private final Function<int[], Integer> favourite;
    private final ModelConfig config;
    private volatile Consumer<ForwardBatch> beforeStep = batch -> {};
    private volatile Consumer<Reading> beforeReading = reading -> {};
    private final AtomicInteger steps = new AtomicInteger();
    private volatile boolean isClosed;
    private Thread owner = Thread.currentThread();
    private int generation;

    /** Favours nothing: tokens look random. */
    FakeLanguageModel(int numBlocks, int blockSize) {
        this(numBlocks, blockSize, context -> -1);
    }

    /**
     * A model that says what it is told.
     *
     * @param favourite from a context to the token that is by far the most likely after it, -1 for none
     */
    FakeLanguageModel(int numBlocks, int blockSize, Function<int[], Integer> favourite) {
        this.blockSize = blockSize;
        this.cache = new long[numBlocks * blockSize];
        this.favourite = favourite;
        Arrays.fill(cache, -1);
        config = new ModelConfig(
                ModelConfig.Architecture.PANGU_EMBEDDED,
                FakePromptEncoder.VOCAB_SIZE,
                HIDDEN_SIZE,
                1,
                1,
                1,
                4,
                new ModelConfig.Dense(8),
                1e-5f,
                10_000,
                1 << 20,
                true,
                Optional.of(FakePromptEncoder.BOS),
                List.of(FakePromptEncoder.EOS),
                DType.F32);
    }

    /** Runs on the scheduler thread before each step: may wait or throw. */
    void beforeStep(Consumer<ForwardBatch> action) {
        beforeStep = action;
    }

    /** What is asked of a step's outputs. */
    enum Reading {
        ARGMAX,
        LOGITS,
        LOG_PROBABILITIES,
        HIDDEN
    }

    /** Runs on the scheduler thread before outputs of a step are read: may throw. */
    void beforeReading(Consumer<Reading> action) {
        beforeReading = action;
    }

    int steps() {
        return steps.get();
    }

    boolean isClosed() {
        return isClosed;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public int numBlocks() {
        return cache.length / blockSize;
    }

    @Override
    public int maxBatchTokens() {
        return 4096;
    }

    @Override
    public ForwardOutput forward(ForwardBatch batch) {
        if (steps.getAndIncrement() == 0) {
            owner = Thread.currentThread();
        }
        require(owner == Thread.currentThread(), "called by " + Thread.currentThread());
        require(!isClosed, "closed");
        beforeStep.accept(batch);
        generation++;
        write(batch);
        int[][] contexts = new int[batch.outputRows().length][];
        for (int i = 0; i < contexts.length; i++) {
            require(i == 0 || batch.outputRows()[i] > batch.outputRows()[i - 1], "output rows ascend");
            contexts[i] = context(batch, batch.outputRows()[i]);
        }
        return new Output(batch.output(), contexts, generation);
    }

    @Override
    public ExpertLoad expertLoad() {
        return new ExpertLoad(new long[0][], 1);
    }

    @Override
    public void close() {
        require(!isClosed, "closed twice");
        isClosed = true;
    }

    private void write(ForwardBatch batch) {
        Set<Integer> written = new HashSet<>();
        require(batch.queryStarts()[batch.numSeqs()] == batch.numRows(), "starts end at the number of rows");
        for (int s = 0; s < batch.numSeqs(); s++) {
            int first = batch.queryStarts()[s];
            int end = batch.queryStarts()[s + 1];
            require(end > first, "no empty run");
            for (int row = first; row < end; row++) {
                int position = batch.contextLengths()[s] - (end - row);
                require(batch.positions()[row] == position, "position " + batch.positions()[row] + " is " + position);
                int slot = slot(batch.blockTables()[s], position);
                require(batch.slots()[row] == slot, "slot " + batch.slots()[row] + " is " + slot);
                require(written.add(slot), "slot " + slot + " is written once a step");
                cache[slot] = (long) position << 32 | batch.tokenIds()[row];
            }
        }
    }

    private int[] context(ForwardBatch batch, int row) {
        int s = 0;
        while (batch.queryStarts()[s + 1] <= row) {
            s++;
        }
        int[] tokens = new int[batch.positions()[row] + 1];
        for (int position = 0; position < tokens.length; position++) {
            long entry = cache[slot(batch.blockTables()[s], position)];
            require(entry >> 32 == position, "the cache holds position " + (entry >> 32) + " at " + position);
            tokens[position] = (int) entry;
        }
        return tokens;
    }

    private int slot(int[] table, int position) {
        return table[position / blockSize] * blockSize + position % blockSize;
    }

    /** What the model gives after a context: also the tests' own oracle. */
    float[] logitsAfter(int[] context) {
        Random random = new Random(Arrays.hashCode(context) * 31L + context.length);
        float[] logits = new float[FakePromptEncoder.VOCAB_SIZE];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (2 * random.nextGaussian());
        }
        // Text goes on for ever unless the test says otherwise.
        Arrays.fill(logits, FakePromptEncoder.BOS, FakePromptEncoder.VOCAB_SIZE, -30);
        int best = favourite.apply(context);
        if (best >= 0) {
            logits[best] = 40;
        }
        return logits;
    }

    float[] hiddenAfter(int[] context) {
        Random random = new Random(Arrays.hashCode(context) + 7L);
        float[] hidden = new float[HIDDEN_SIZE];
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = (float) random.nextGaussian();
        }
        return hidden;
    }

    float logprobAfter(int[] context, int token) {
        float[] logits = logitsAfter(context);
        double total = 0;
        for (float logit : logits) {
            total += Math.exp(logit);
        }
        return (float) (logits[token] - Math.log(total));
    }

    int argmaxAfter(int[] context) {
        float[] logits = logitsAfter(context);
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private final class Output implements ForwardOutput {
        private final ForwardBatch.Output[] kinds;
        private final int[][] contexts;
        private final int step;

        Output(ForwardBatch.Output[] kinds, int[][] contexts, int step) {
            this.kinds = kinds;
            this.contexts = contexts;
            this.step = step;
        }

        @Override
        public int[] argmax() {
            check(Reading.ARGMAX);
            int[] ids = new int[contexts.length];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = kinds[i] == ForwardBatch.Output.LOGITS ? argmaxAfter(contexts[i]) : -1;
            }
            return ids;
        }

        @Override
        public void logits(int output, float[] target) {
            check(Reading.LOGITS);
            require(kinds[output] == ForwardBatch.Output.LOGITS, "logits of a row that asked for them");
            System.arraycopy(logitsAfter(contexts[output]), 0, target, 0, target.length);
        }

        @Override
        public float[][] logProbabilities(int[][] tokenIds) {
            check(Reading.LOG_PROBABILITIES);
            require(tokenIds.length == contexts.length, "tokens for every output");
            float[][] result = new float[tokenIds.length][];
            for (int i = 0; i < result.length; i++) {
                result[i] = new float[tokenIds[i].length];
                require(
                        tokenIds[i].length == 0 || kinds[i] == ForwardBatch.Output.LOGITS,
                        "log-probability of a logits row");
                for (int j = 0; j < tokenIds[i].length; j++) {
                    result[i][j] = logprobAfter(contexts[i], tokenIds[i][j]);
                }
            }
            return result;
        }

        @Override
        public void hidden(int output, float[] target) {
            check(Reading.HIDDEN);
            require(kinds[output] == ForwardBatch.Output.HIDDEN, "hidden state of a row that asked for it");
            System.arraycopy(hiddenAfter(contexts[output]), 0, target, 0, target.length);
        }

        private void check(Reading reading) {
            beforeReading.accept(reading);
            require(step == generation, "outputs are read before the next step");
            require(owner == Thread.currentThread(), "outputs are read by the thread that made the step");
        }
    }

    /** Says the reply of the first script whose prompt the context starts with, then ends its turn. */
    static Function<int[], Integer> script(int[] prompt, int... reply) {
        return context -> {
            boolean begins = context.length >= prompt.length
                    && Arrays.equals(context, 0, prompt.length, prompt, 0, prompt.length);
            if (!begins) {
                return -1;
            }
            int place = context.length - prompt.length;
            return place < reply.length ? reply[place] : FakePromptEncoder.EOS;
        };
    }

    /** The error of a device that is gone. */
    static EngineException deviceLost() {
        return new EngineException(ErrorCode.DEVICE_LOST, "device fake:0 failed in step 7; restart the executor");
    }
}
