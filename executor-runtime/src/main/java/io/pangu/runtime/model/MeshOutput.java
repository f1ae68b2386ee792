package io.pangu.runtime.model;

import io.pangu.runtime.parallel.DeviceMesh;
import java.util.Arrays;
import java.util.List;

/** The results of one step, put together from what each rank has: its part of the vocabulary. */
final class MeshOutput implements ForwardOutput {
    private final DeviceMesh mesh;
    private final List<OutputHead> heads; // by rank, used on its thread
    private final int vocabSize;
    private final OutputPlacement placement;

    MeshOutput(DeviceMesh mesh, List<OutputHead> heads, int vocabSize, OutputPlacement placement) {
        this.mesh = mesh;
        this.heads = heads;
        this.vocabSize = vocabSize;
        this.placement = placement;
    }

    @Override
    public int[] argmax() {
        int[] result = new int[placement.count()];
        if (placement.numLogits() == 0) {
            Arrays.fill(result, -1);
            return result;
        }
        List<OutputHead.Largest> found =
                mesh.collect("an argmax", rank -> heads.get(rank.index()).argmax());
        for (int output = 0; output < result.length; output++) {
            result[output] = placement.wantsLogits(output) ? first(found, placement.row(output)) : -1;
        }
        return result;
    }

    /** The first token of the largest logit: of ranks that have it the first, whose tokens come first. */
    private static int first(List<OutputHead.Largest> found, int row) {
        int best = 0;
        for (int rank = 1; rank < found.size(); rank++) {
            float largest = found.get(best).logits()[row];
            // A rank whose logits are all NaN has NaN here, which is never largest.
            if (found.get(rank).logits()[row] > largest || Float.isNaN(largest)) {
                best = rank;
            }
        }
        return Float.isNaN(found.get(best).logits()[row])
                ? found.get(0).tokens()[row]
                : found.get(best).tokens()[row];
    }

    @Override
    public void logits(int output, float[] target) {
        int row = placement.logitsRow(output);
        mesh.run("reading logits", rank -> heads.get(rank.index()).logits(row, target));
    }

    @Override
    public float[][] logProbabilities(int[][] ids) {
        if (ids.length != placement.count()) {
            throw new IllegalArgumentException("tokens for " + ids.length + " of " + placement.count() + " outputs");
        }
        int[][] wanted = new int[placement.numLogits()][];
        float[][] result = new float[ids.length][];
        boolean isAsked = false;
        for (int output = 0; output < ids.length; output++) {
            result[output] = new float[ids[output].length];
            if (ids[output].length > 0) {
                isAsked = true;
                placement.logitsRow(output);
                requireTokens(ids[output]);
            }
            if (placement.wantsLogits(output)) {
                wanted[placement.row(output)] = ids[output];
            }
        }
        if (isAsked) {
            List<OutputHead.TokenLogits> found = mesh.collect(
                    "reading log-probabilities", rank -> heads.get(rank.index()).tokenLogits(wanted));
            for (int output = 0; output < ids.length; output++) {
                if (ids[output].length > 0) {
                    normalize(found, placement.row(output), result[output]);
                }
            }
        }
        return result;
    }

    /** Each token's logit, which one rank has and the others give as 0, less the logarithm of the sum over all ranks. */
    private static void normalize(List<OutputHead.TokenLogits> found, int row, float[] result) {
        float logSumExp = logSumExp(found, row);
        for (int token = 0; token < result.length; token++) {
            float logit = found.get(0).logits()[row][token];
            for (int rank = 1; rank < found.size(); rank++) {
                logit += found.get(rank).logits()[row][token];
            }
            result[token] = logit - logSumExp;
        }
    }

    private static float logSumExp(List<OutputHead.TokenLogits> found, int row) {
        if (found.size() == 1) {
            return found.get(0).logSumExps()[row];
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (OutputHead.TokenLogits part : found) {
            largest = Math.max(largest, part.logSumExps()[row]);
        }
        double sum = 0;
        for (OutputHead.TokenLogits part : found) {
            sum += Math.exp(part.logSumExps()[row] - largest);
        }
        return (float) (largest + Math.log(sum));
    }

    private void requireTokens(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= vocabSize) {
                throw new IllegalArgumentException("token id " + id + " of " + vocabSize);
            }
        }
    }

    @Override
    public void hidden(int output, float[] target) {
        int row = placement.row(output);
        mesh.runOn(0, "reading hidden states", rank -> heads.get(0).hidden(row, target));
    }
}
