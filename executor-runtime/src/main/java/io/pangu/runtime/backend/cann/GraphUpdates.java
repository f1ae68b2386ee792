package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.cann.ffi.Acl;
import java.util.function.Consumer;

/**
 * Puts attention into a graph that is on its way, in place of what was captured.
 *
 * @param stream beside that of the graph
 * @param workspace where attention works
 */
record GraphUpdates(Acl.Stream stream, ExecutorCache executors, GraphWorkspace workspace) implements LaunchTarget {
    @Override
    public void run(OperatorShape shape, ExecutorCache.Planner planner, long[] addresses) {
        throw new IllegalStateException(shape + " is no part of attention that a graph can be given anew");
    }

    @Override
    public void runOnce(OperatorCall call, ExecutorCache.Planner planner) {
        executors.runOnce(call, planner, stream, workspace::require);
    }

    @Override
    public void collective(String name, long[] arguments, Runnable call) {
        throw new IllegalStateException(name + " is no part of attention");
    }

    @Override
    public void attend(AttentionPlan plan, Consumer<AttentionPlan> attention) {
        throw new IllegalStateException("attention is no part of attention");
    }
}
