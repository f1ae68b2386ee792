package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import java.util.Arrays;
import java.util.function.Consumer;

/** Holds work to a graph that stands for it, and does nothing. */
final class GraphCheck implements LaunchTarget {
    private final StepGraph graph;
    private int next;

    GraphCheck(StepGraph graph) {
        this.graph = graph;
    }

    @Override
    public void run(OperatorShape shape, ExecutorCache.Planner planner, long[] addresses) {
        expect(shape, addresses);
    }

    @Override
    public void runOnce(OperatorCall call, ExecutorCache.Planner planner) {
        expect(call.shape(), call.addresses());
    }

    @Override
    public void collective(String name, long[] arguments, Runnable call) {
        expect(name, arguments);
    }

    @Override
    public void attend(AttentionPlan plan, Consumer<AttentionPlan> attention) {
        attention.accept(plan);
    }

    private void expect(Object what, long[] arguments) {
        int place = next++;
        if (place >= graph.launches().size() || !graph.launches().get(place).is(what, arguments)) {
            throw new IllegalStateException("a step is not what its graph has: place " + place + " of "
                    + graph.launches().size() + " is " + what + " at " + Arrays.toString(arguments));
        }
    }

    /** Whether all of the graph has come; throws when it has not. */
    boolean isComplete() {
        if (next != graph.launches().size()) {
            throw new IllegalStateException("a step is not what its graph has: it ends after " + next + " of "
                    + graph.launches().size());
        }
        return true;
    }
}
