package io.pangu.runtime.model;

import java.util.Arrays;

/**
 * How many tokens each routed expert has computed since the model was loaded; prompt tokens that are computed again after a
 * preemption count again. Arrays are copies.
 *
 * @param tokens (numLayers, numExperts); no layers for a dense model
 * @param numDevices how many devices hold equally many experts each, in order of their ids
 */
public record ExpertLoad(long[][] tokens, int numDevices) {
    public ExpertLoad {
        tokens = Arrays.stream(tokens).map(long[]::clone).toArray(long[][]::new);
    }

    public int numLayers() {
        return tokens.length;
    }

    public int numExperts() {
        return tokens.length == 0 ? 0 : tokens[0].length;
    }

    /** Tokens of each expert over all layers: (numExperts). */
    public long[] tokensPerExpert() {
        long[] sums = new long[numExperts()];
        for (long[] layer : tokens) {
            for (int expert = 0; expert < sums.length; expert++) {
                sums[expert] += layer[expert];
            }
        }
        return sums;
    }

    /** Tokens of each device's experts over all layers: (numDevices). */
    public long[] tokensPerDevice() {
        long[] sums = new long[numDevices];
        long[] experts = tokensPerExpert();
        for (int expert = 0; expert < experts.length; expert++) {
            sums[(int) ((long) expert * numDevices / experts.length)] += experts[expert];
        }
        return sums;
    }
}
