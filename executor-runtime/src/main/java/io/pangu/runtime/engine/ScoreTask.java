package io.pangu.runtime.engine;

import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.scheduler.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Scores continuations of a prompt in one sequence. The prompt is computed once; the output after its last token gives the
 * first token of every continuation; continuations of more tokens then stand behind the prompt one after the other, each
 * taking the place of the one before, so that not one token of the prompt is computed again for them.
 */
final class ScoreTask extends Task<Scores> {
    private final int promptLength;
    private final List<int[]> continuations;
    private final float[][] logprobs;
    // Indices of the continuations that have more than one token.
    private final int[] longer;
    private int current;

    private record Identity(TokenIds prompt, List<TokenIds> continuations) {}

    /**
     * Scores that have not been computed.
     *
     * @param prompt at least one id
     * @param continuations at least one, each of at least one id
     */
    ScoreTask(int[] prompt, List<int[]> continuations) {
        super(
                firstSequence(prompt, continuations),
                new Identity(
                        new TokenIds(prompt),
                        continuations.stream().map(TokenIds::new).toList()));
        this.promptLength = prompt.length;
        this.continuations = List.copyOf(continuations);
        this.logprobs = new float[continuations.size()][];
        for (int i = 0; i < logprobs.length; i++) {
            logprobs[i] = new float[continuations.get(i).length];
        }
        this.longer = longerOnes(continuations);
    }

    @Override
    ForwardBatch.Output outputKind() {
        return ForwardBatch.Output.LOGITS;
    }

    @Override
    void read(StepOutputs outputs, int firstRow, int firstToken, int count) {
        for (int i = 0; i < count; i++) {
            int token = firstToken + i;
            int row = firstRow + i;
            if (token == promptLength - 1) {
                for (int c = 0; c < logprobs.length; c++) {
                    ask(outputs, row, c, 0);
                }
            } else {
                ask(outputs, row, longer[current], token - promptLength + 1);
            }
        }
    }

    private void ask(StepOutputs outputs, int row, int continuation, int place) {
        outputs.askLogprob(row, continuations.get(continuation)[place], value -> logprobs[continuation][place] = value);
    }

    @Override
    boolean advance() {
        if (sequence().numComputed() < sequence().numTokens()) {
            return false;
        }
        current++;
        if (current >= longer.length) {
            return true;
        }
        sequence().replaceTail(promptLength, withoutLast(continuations.get(longer[current])));
        return false;
    }

    @Override
    Scores result() {
        List<Scores.Score> scores = new ArrayList<>(logprobs.length);
        int tokens = 0;
        for (float[] each : logprobs) {
            double sum = 0;
            List<Float> list = new ArrayList<>(each.length);
            for (float value : each) {
                sum += value;
                list.add(value);
            }
            tokens += each.length;
            scores.add(new Scores.Score(sum, list));
        }
        return new Scores(scores, new Usage(promptLength, sequence().numCached(), tokens));
    }

    private static Sequence firstSequence(int[] prompt, List<int[]> continuations) {
        int[] longer = longerOnes(continuations);
        int longest = 1;
        for (int[] continuation : continuations) {
            longest = Math.max(longest, continuation.length);
        }
        int[] first = longer.length == 0 ? new int[0] : withoutLast(continuations.get(longer[0]));
        int[] tokens = Arrays.copyOf(prompt, prompt.length + first.length);
        System.arraycopy(first, 0, tokens, prompt.length, first.length);
        Sequence sequence = new Sequence(tokens, prompt.length + longest - 1, prompt.length - 1);
        sequence.limitSharing(prompt.length);
        return sequence;
    }

    private static int[] longerOnes(List<int[]> continuations) {
        List<Integer> longer = new ArrayList<>();
        for (int i = 0; i < continuations.size(); i++) {
            if (continuations.get(i).length > 1) {
                longer.add(i);
            }
        }
        return longer.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int[] withoutLast(int[] ids) {
        return Arrays.copyOf(ids, ids.length - 1);
    }
}
