package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.cann.ffi.Acl;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A captured step.
 *
 * @param graph what the device repeats
 * @param updates its attention, in order, which every repetition plans anew
 * @param numMoves of the memory that its operators work in, when it was captured; another number makes it void
 * @param launches all that is in it, in order; kept only where repetitions are held to it
 */
record StepGraph(Acl.Graph graph, List<Update> updates, long numMoves, List<Launch> launches) {
    /**
     * Attention of one layer.
     *
     * @param group its place in the graph
     * @param isPlanned what the graph waits for before it
     * @param attention puts its operators on a stream, with another plan of the same tensors
     */
    record Update(Acl.TaskGroup group, Acl.Event isPlanned, Consumer<AttentionPlan> attention) {}

    /**
     * Something in a graph.
     *
     * @param what the operator's shape, or the name of a collective
     * @param arguments addresses and numbers
     */
    record Launch(Object what, long[] arguments) {
        boolean is(Object other, long[] numbers) {
            return what.equals(other) && Arrays.equals(arguments, numbers);
        }
    }
}
