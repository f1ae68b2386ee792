package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.ExpertGroups;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Grouped routing of model-spec 3.1. The softmax runs in double and its values are rounded when they are stored, so that a
 * choice never hangs on fp32 rounding.
 */
final class GroupedRouter {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final WorkerPool pool;

    GroupedRouter(WorkerPool pool) {
        this.pool = pool;
    }

    /**
     * Sizes of a routing.
     *
     * @param n rows
     * @param numExperts experts, a multiple of the groups
     * @param groups those to choose from
     * @param perGroup experts of a group
     */
    record Sizes(int n, int numExperts, ExpertGroups groups, int perGroup) {
        Sizes(int n, int numExperts, ExpertGroups groups) {
            this(n, numExperts, groups, groups.expertsPerGroup(numExperts));
        }
    }

    /**
     * Chooses for all rows.
     *
     * @param logits (n, numExperts) fp32
     * @param scale (numExperts) fp32
     * @param ids out, (n, groups.count()) int32, from the first group's first expert on
     * @param weights out, (n, groups.count()) fp32
     */
    void route(MemorySegment logits, MemorySegment scale, Sizes sizes, MemorySegment ids, MemorySegment weights) {
        pool.forRanges(sizes.n, pool.grain(sizes.n, 15L * sizes.numExperts), (from, end) -> {
            double[] softmax = new double[sizes.numExperts];
            for (int row = from; row < end; row++) {
                softmax(logits, (long) row * sizes.numExperts * Float.BYTES, softmax);
                choose(softmax, scale, sizes, row, ids, weights);
            }
        });
    }

    private static void softmax(MemorySegment logits, long at, double[] values) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int e = 0; e < values.length; e++) {
            values[e] = logits.get(FLOAT, at + (long) e * Float.BYTES);
            largest = Math.max(largest, values[e]);
        }
        double sum = 0;
        for (int e = 0; e < values.length; e++) {
            values[e] = Math.exp(values[e] - largest);
            sum += values[e];
        }
        for (int e = 0; e < values.length; e++) {
            values[e] /= sum;
        }
    }

    private static void choose(
            double[] softmax, MemorySegment scale, Sizes sizes, int row, MemorySegment ids, MemorySegment weights) {
        int firstExpert = sizes.groups.first() * sizes.perGroup;
        for (int group = 0; group < sizes.groups.count(); group++) {
            int start = firstExpert + group * sizes.perGroup;
            int best = start;
            for (int e = start + 1; e < start + sizes.perGroup; e++) {
                if (softmax[e] > softmax[best]) {
                    best = e;
                }
            }
            long at = ((long) row * sizes.groups.count() + group) * Float.BYTES;
            ids.set(INT, at, best - firstExpert);
            weights.set(FLOAT, at, (float) (softmax[best] * scale.get(FLOAT, (long) best * Float.BYTES)));
        }
    }
}
