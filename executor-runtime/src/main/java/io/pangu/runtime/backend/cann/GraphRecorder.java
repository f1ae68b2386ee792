package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.cann.StepGraph.Launch;
import io.pangu.runtime.backend.cann.StepGraph.Update;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.StreamFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Puts work on a stream that is captured. Before attention the graph waits until a repetition has put its own in the place
 * of this one.
 */
final class GraphRecorder implements LaunchTarget {
    private final CannBindings cann;
    private final Acl.Stream stream;
    private final ExecutorCache executors;
    private final GraphWorkspace workspace;
    private final boolean keepsLaunches;
    private final List<Launch> launches = new ArrayList<>();
    private final List<Update> updates = new ArrayList<>();
    private final List<Acl.Event> events = new ArrayList<>();

    /**
     * Nothing yet.
     *
     * @param workspace where attention works
     * @param keepsLaunches whether the graph is to know what is in it
     */
    GraphRecorder(
            CannBindings cann,
            Acl.Stream stream,
            ExecutorCache executors,
            GraphWorkspace workspace,
            boolean keepsLaunches) {
        this.cann = cann;
        this.stream = stream;
        this.executors = executors;
        this.workspace = workspace;
        this.keepsLaunches = keepsLaunches;
    }

    @Override
    public void run(OperatorShape shape, ExecutorCache.Planner planner, long[] addresses) {
        executors.run(shape, planner, addresses);
        keep(shape, addresses);
    }

    @Override
    public void runOnce(OperatorCall call, ExecutorCache.Planner planner) {
        executors.runOnce(call, planner, stream, workspace::require);
        keep(call.shape(), call.addresses());
    }

    @Override
    public void collective(String name, long[] arguments, Runnable call) {
        call.run();
        keep(name, arguments);
    }

    @Override
    public void attend(AttentionPlan plan, Consumer<AttentionPlan> attention) {
        Acl.Event event = cann.streams().createEvent(StreamFlags.EVENT_EXTERNAL);
        events.add(event);
        cann.streams().waitEvent(stream, event);
        cann.streams().reset(event, stream);
        cann.graphs().taskGroupBegin(stream);
        attention.accept(plan);
        updates.add(new Update(cann.graphs().taskGroupEnd(stream), event, attention));
    }

    private void keep(Object what, long[] arguments) {
        if (keepsLaunches) {
            launches.add(new Launch(what, arguments));
        }
    }

    /** What has been recorded. */
    StepGraph finished(Acl.Graph graph, long numMoves) {
        return new StepGraph(graph, List.copyOf(updates), numMoves, List.copyOf(launches));
    }

    /** Gives back what a capture that was broken off leaves behind. */
    void abandon(Cleanup cleanup) {
        events.forEach(event -> cleanup.run(() -> cann.streams().destroyEvent(event)));
    }
}
