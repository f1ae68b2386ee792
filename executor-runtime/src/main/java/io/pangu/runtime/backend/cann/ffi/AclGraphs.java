package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;

/**
 * Graphs: what is put on a stream while it is captured does not run but becomes a graph, which later runs as a whole. Task
 * groups mark the operators whose arguments another run replaces; drivers before 25.0.RC1 lack them
 * ({@link StatusKind#UNSUPPORTED}). Every method throws {@link CannException} when its function fails.
 */
public final class AclGraphs {
    private final FunctionTable table;

    AclGraphs(FunctionTable table) {
        this.table = table;
    }

    /** Whether the library has what captures and runs graphs. */
    public boolean isPresent() {
        return table.has(AclFunction.CAPTURE_BEGIN)
                && table.has(AclFunction.CAPTURE_END)
                && table.has(AclFunction.GRAPH_EXECUTE_ASYNC)
                && table.has(AclFunction.GRAPH_DESTROY);
    }

    /** Whether the library has task groups; the driver may still refuse them. */
    public boolean hasTaskGroups() {
        return table.has(AclFunction.CAPTURE_TASK_GRP_BEGIN)
                && table.has(AclFunction.CAPTURE_TASK_GRP_END)
                && table.has(AclFunction.CAPTURE_TASK_UPDATE_BEGIN)
                && table.has(AclFunction.CAPTURE_TASK_UPDATE_END);
    }

    /** {@code aclmdlRICaptureBegin}. */
    public void captureBegin(Acl.Stream stream, CaptureMode mode) {
        table.check(AclFunction.CAPTURE_BEGIN, call(table, AclFunction.CAPTURE_BEGIN, stream.address(), mode.code()));
    }

    /** {@code aclmdlRICaptureEnd}; {@link #destroy} gives the graph back. */
    public Acl.Graph captureEnd(Acl.Stream stream) {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.CAPTURE_END, call(table, AclFunction.CAPTURE_END, stream.address(), out.pointer(0)));
        return new Acl.Graph(out.asLong(0));
    }

    /** {@code aclmdlRICaptureGetInfo}. */
    public CaptureStatus captureStatus(Acl.Stream stream) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.CAPTURE_GET_INFO,
                call(table, AclFunction.CAPTURE_GET_INFO, stream.address(), out.pointer(0), out.pointer(1)));
        return CaptureStatus.ofCode(out.asInt(0));
    }

    /** {@code aclmdlRICaptureThreadExchangeMode}: sets this thread's mode and gives the one before. */
    public CaptureMode exchangeThreadMode(CaptureMode mode) {
        Scratch inOut = Scratch.zeroed();
        inOut.setInt(0, mode.code());
        table.check(
                AclFunction.CAPTURE_THREAD_EXCHANGE_MODE,
                call(table, AclFunction.CAPTURE_THREAD_EXCHANGE_MODE, inOut.pointer(0)));
        return CaptureMode.ofCode(inOut.asInt(0));
    }

    /** {@code aclmdlRIExecuteAsync}: puts the whole graph on a stream. */
    public void executeAsync(Acl.Graph graph, Acl.Stream stream) {
        table.check(
                AclFunction.GRAPH_EXECUTE_ASYNC,
                call(table, AclFunction.GRAPH_EXECUTE_ASYNC, graph.address(), stream.address()));
    }

    /** {@code aclmdlRIExecute}, newer than 8.1.RC1: runs the graph and waits. */
    public void execute(Acl.Graph graph, int timeoutMillis) {
        table.check(AclFunction.GRAPH_EXECUTE, call(table, AclFunction.GRAPH_EXECUTE, graph.address(), timeoutMillis));
    }

    /** {@code aclmdlRIDestroy}: when it does not run. */
    public void destroy(Acl.Graph graph) {
        table.check(AclFunction.GRAPH_DESTROY, call(table, AclFunction.GRAPH_DESTROY, graph.address()));
    }

    /** {@code aclmdlRIDebugPrint}: writes the graph to CANN's log. */
    public void debugPrint(Acl.Graph graph) {
        table.check(AclFunction.GRAPH_DEBUG_PRINT, call(table, AclFunction.GRAPH_DEBUG_PRINT, graph.address()));
    }

    /** {@code aclmdlRICaptureTaskGrpBegin}, on the captured stream; up to the end only single operators may follow. */
    public void taskGroupBegin(Acl.Stream stream) {
        table.check(
                AclFunction.CAPTURE_TASK_GRP_BEGIN, call(table, AclFunction.CAPTURE_TASK_GRP_BEGIN, stream.address()));
    }

    /** {@code aclmdlRICaptureTaskGrpEnd}. */
    public Acl.TaskGroup taskGroupEnd(Acl.Stream stream) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.CAPTURE_TASK_GRP_END,
                call(table, AclFunction.CAPTURE_TASK_GRP_END, stream.address(), out.pointer(0)));
        return new Acl.TaskGroup(out.asLong(0));
    }

    /**
     * {@code aclmdlRICaptureTaskUpdateBegin}: operators launched on the stream up to the end replace those of the group, in
     * number and kind the same.
     *
     * @param stream one that is not captured
     */
    public void taskUpdateBegin(Acl.Stream stream, Acl.TaskGroup group) {
        table.check(
                AclFunction.CAPTURE_TASK_UPDATE_BEGIN,
                call(table, AclFunction.CAPTURE_TASK_UPDATE_BEGIN, stream.address(), group.address()));
    }

    /** {@code aclmdlRICaptureTaskUpdateEnd}. */
    public void taskUpdateEnd(Acl.Stream stream) {
        table.check(
                AclFunction.CAPTURE_TASK_UPDATE_END,
                call(table, AclFunction.CAPTURE_TASK_UPDATE_END, stream.address()));
    }
}
