package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import java.util.function.Consumer;

/** Puts work on the stream. */
record DirectTarget(ExecutorCache executors) implements LaunchTarget {
    @Override
    public void run(OperatorShape shape, ExecutorCache.Planner planner, long[] addresses) {
        executors.run(shape, planner, addresses);
    }

    @Override
    public void runOnce(OperatorCall call, ExecutorCache.Planner planner) {
        executors.runOnce(call, planner);
    }

    @Override
    public void collective(String name, long[] arguments, Runnable call) {
        call.run();
    }

    @Override
    public void attend(AttentionPlan plan, Consumer<AttentionPlan> attention) {
        attention.accept(plan);
    }
}
