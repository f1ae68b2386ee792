package io.pangu.runtime.model;

import io.pangu.runtime.model.ForwardBatch.Output;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Drives a model over sequences of known tokens in every way that a scheduler could. */
final class SequenceRunner {
    private final LanguageModel model;
    private final List<Integer> freeBlocks = new ArrayList<>();

    /** Hands out the model's blocks scattered: neighbours in a sequence are no neighbours in the cache. */
    SequenceRunner(LanguageModel model, long seed) {
        this.model = model;
        for (int block = 0; block < model.numBlocks(); block++) {
            freeBlocks.add(block);
        }
        Collections.shuffle(freeBlocks, new Random(seed));
    }

    CachedSequence sequence(int[] tokens) {
        int[] blocks = new int[(tokens.length + model.blockSize() - 1) / model.blockSize()];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = freeBlocks.removeLast();
        }
        return new CachedSequence(tokens, blocks);
    }

    void release(CachedSequence sequence) {
        for (int block : sequence.blocks()) {
            freeBlocks.add(block);
        }
    }

    /** Logits at every position, computed {@code chunk} tokens at a time. */
    float[][] logits(int[] tokens, int chunk) {
        CachedSequence sequence = sequence(tokens);
        List<float[]> logits = new ArrayList<>();
        while (sequence.remaining() > 0) {
            BatchBuilder batch = new BatchBuilder(model.blockSize(), Output.LOGITS);
            batch.add(sequence, Math.min(chunk, sequence.remaining()));
            read(model.forward(batch.build()), batch.rows(), logits);
            batch.advance();
        }
        release(sequence);
        return logits.toArray(float[][]::new);
    }

    /**
     * Logits at every position of every sequence, computed in batches that mix whole prompts, chunks and single tokens,
     * with sequences joining late and leaving early.
     */
    float[][][] raggedLogits(List<int[]> tokens, long seed) {
        Random random = new Random(seed);
        List<CachedSequence> sequences = new ArrayList<>();
        List<List<float[]>> logits = new ArrayList<>();
        for (int[] ids : tokens) {
            sequences.add(sequence(ids));
            logits.add(new ArrayList<>());
        }
        while (sequences.stream().anyMatch(s -> s.remaining() > 0)) {
            BatchBuilder batch = new BatchBuilder(model.blockSize(), Output.LOGITS);
            List<Integer> members = new ArrayList<>();
            List<Integer> counts = new ArrayList<>();
            for (int s : shuffledIndices(sequences.size(), random)) {
                int room = Math.min(sequences.get(s).remaining(), model.maxBatchTokens() - batch.rows());
                if (room == 0 || random.nextInt(4) == 0) {
                    continue;
                }
                int count = random.nextBoolean() ? 1 : 1 + random.nextInt(room);
                batch.add(sequences.get(s), count);
                members.add(s);
                counts.add(count);
            }
            if (members.isEmpty()) {
                continue;
            }
            ForwardOutput output = model.forward(batch.build());
            int row = 0;
            for (int m = 0; m < members.size(); m++) {
                for (int i = 0; i < counts.get(m); i++) {
                    logits.get(members.get(m)).add(row(output, row++));
                }
            }
            batch.advance();
        }
        sequences.forEach(this::release);
        return logits.stream().map(rows -> rows.toArray(float[][]::new)).toArray(float[][][]::new);
    }

    /** What greedy decoding makes of a prompt: the prompt in one batch, then a token at a time. */
    int[] greedy(int[] prompt, int count) {
        int[] tokens = new int[prompt.length + count];
        System.arraycopy(prompt, 0, tokens, 0, prompt.length);
        CachedSequence blocks = sequence(tokens);
        int known = prompt.length;
        int computed = 0;
        while (known < tokens.length) {
            BatchBuilder batch = new BatchBuilder(model.blockSize(), Output.LOGITS);
            batch.add(CachedSequence.from(tokens, blocks.blocks(), computed), known - computed);
            int[] best = model.forward(batch.build()).argmax();
            computed = known;
            tokens[known++] = best[best.length - 1];
        }
        release(blocks);
        int[] generated = new int[count];
        System.arraycopy(tokens, prompt.length, generated, 0, count);
        return generated;
    }

    /** Final-norm output of every token. */
    float[][] hidden(int[] tokens) {
        CachedSequence sequence = sequence(tokens);
        BatchBuilder batch = new BatchBuilder(model.blockSize(), Output.HIDDEN).add(sequence, tokens.length);
        ForwardOutput output = model.forward(batch.build());
        float[][] rows = new float[tokens.length][model.config().hiddenSize()];
        for (int i = 0; i < rows.length; i++) {
            output.hidden(i, rows[i]);
        }
        release(sequence);
        return rows;
    }

    /** Log-probability of each token of a continuation. */
    float[] score(int[] prompt, int[] continuation) {
        int[] tokens = new int[prompt.length + continuation.length - 1];
        System.arraycopy(prompt, 0, tokens, 0, prompt.length);
        System.arraycopy(continuation, 0, tokens, prompt.length, continuation.length - 1);
        int[][] next = new int[tokens.length][];
        for (int i = 0; i < tokens.length; i++) {
            next[i] = i < prompt.length - 1 ? new int[0] : new int[] {continuation[i - prompt.length + 1]};
        }
        CachedSequence sequence = sequence(tokens);
        BatchBuilder batch = new BatchBuilder(model.blockSize(), Output.LOGITS).add(sequence, tokens.length);
        float[][] all = model.forward(batch.build()).logProbabilities(next);
        release(sequence);
        float[] scores = new float[continuation.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = all[prompt.length - 1 + i][0];
        }
        return scores;
    }

    private static List<Integer> shuffledIndices(int count, Random random) {
        List<Integer> indices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            indices.add(i);
        }
        Collections.shuffle(indices, random);
        return indices;
    }

    private void read(ForwardOutput output, int rows, List<float[]> into) {
        for (int i = 0; i < rows; i++) {
            into.add(row(output, i));
        }
    }

    private float[] row(ForwardOutput output, int index) {
        float[] logits = new float[model.config().vocabSize()];
        output.logits(index, logits);
        return logits;
    }
}
