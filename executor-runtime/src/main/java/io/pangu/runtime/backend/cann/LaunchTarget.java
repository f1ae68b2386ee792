package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import java.util.function.Consumer;

/** Where a queue's work goes: on the stream, into a graph that is captured, or into a graph in place of an earlier call's. */
interface LaunchTarget {
    /** An operator that its shape determines. */
    void run(OperatorShape shape, ExecutorCache.Planner planner, long[] addresses);

    /** An operator whose plan depends on values of this call alone. */
    void runOnce(OperatorCall call, ExecutorCache.Planner planner);

    /**
     * A collective.
     *
     * @param name as in messages
     * @param arguments where its tensors lie and how many elements they have
     * @param call puts it on the stream
     */
    void collective(String name, long[] arguments, Runnable call);

    /**
     * Attention, which lengths make another in each step.
     *
     * @param attention runs its operators, for this plan and any other of the same tensors; may be kept
     */
    void attend(AttentionPlan plan, Consumer<AttentionPlan> attention);
}
