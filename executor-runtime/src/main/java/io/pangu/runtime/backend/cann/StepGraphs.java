package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.cann.StepGraph.Update;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.CaptureMode;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import io.pangu.runtime.error.EngineException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Steps by their shape, captured as graphs so that a step costs one launch and the planning of attention. A shape is captured when
 * it comes for the second time: the first has made room for everything. Where graphs or task groups are not to be had, steps
 * run operator by operator. With Java's assertions on, each repetition is held to its graph. Bounded: the one that has not been
 * used for longest goes first. Used by the thread that drives the device.
 */
final class StepGraphs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StepGraphs.class);

    /** Shapes that are kept: the batch sizes of an engine that runs full, and of its end. */
    static final int MAX_SHAPES = 64;

    private static final int MAX_FAILURES = 3;

    private final CannQueue queue;
    private final CannBindings cann;
    private final CannHealth health;
    private final GraphWorkspace workspace;
    private final LongSupplier numMoves;
    private final LinkedHashMap<Object, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    private Acl.@Nullable Stream updates;
    private boolean mayCapture;
    private int numFailures;
    private long numReplays;

    private static final class Entry {
        boolean hasRun;

        @Nullable
        StepGraph graph;
    }

    /**
     * None yet.
     *
     * @param arena gives the memory that attention in graphs works in
     * @param numMoves how often memory that other operators work in has come to lie somewhere else
     * @param areWanted false to run every step operator by operator
     */
    StepGraphs(CannQueue queue, CannHealth health, CannArena arena, LongSupplier numMoves, boolean areWanted) {
        this.queue = queue;
        this.cann = queue.cann();
        this.health = health;
        this.workspace = new GraphWorkspace(arena);
        this.numMoves = numMoves;
        this.mayCapture =
                areWanted && cann.graphs().isPresent() && cann.graphs().hasTaskGroups();
    }

    /** See {@link io.pangu.runtime.backend.Device#repeat}. */
    void repeat(Object shape, AttentionPlan plan, Runnable work) {
        // Once nothing can be captured any more, a new shape would only push out a graph that cannot be had again.
        Entry entry = mayCapture ? entries.computeIfAbsent(shape, unseen -> new Entry()) : entries.get(shape);
        if (entry == null) {
            work.run();
            return;
        }
        StepGraph graph = entry.graph;
        if (graph != null && graph.numMoves() != numMoves.getAsLong()) {
            entry.graph = null;
            discard(graph);
            graph = null;
        }
        if (graph == null && entry.hasRun && mayCapture) {
            graph = capture(shape, work);
            entry.graph = graph;
        }
        if (graph == null) {
            entry.hasRun = true;
            work.run();
        } else {
            replay(graph, plan, work);
        }
        dropEldest();
    }

    private void replay(StepGraph graph, AttentionPlan plan, Runnable work) {
        health.run("repeat a step", () -> {
            assert isOf(graph, work);
            if (workspace.hasOutgrown()) {
                queue.synchronize();
                workspace.releaseOutgrown();
            }
            Acl.Stream stream = updateStream();
            cann.graphs().executeAsync(graph.graph(), queue.stream());
            queue.divert(new GraphUpdates(stream, queue.executors(), workspace), () -> {
                for (Update update : graph.updates()) {
                    cann.graphs().taskUpdateBegin(stream, update.group());
                    update.attention().accept(plan);
                    cann.graphs().taskUpdateEnd(stream);
                    cann.streams().record(update.isPlanned(), stream);
                }
            });
            numReplays++;
        });
    }

    /** Whether the graph stands for this work; told by an exception when it does not. */
    private boolean isOf(StepGraph graph, Runnable work) {
        GraphCheck check = new GraphCheck(graph);
        queue.divert(check, work);
        return check.isComplete();
    }

    private @Nullable StepGraph capture(Object shape, Runnable work) {
        health.run("prepare a graph", () -> {
            queue.reserveForCapture();
            workspace.require(Math.max(1, 2 * queue.executors().largestOnce()));
            updateStream();
        });
        GraphRecorder recorder = new GraphRecorder(
                cann, queue.stream(), queue.executors(), workspace, StepGraphs.class.desiredAssertionStatus());
        try {
            Acl.Graph graph = health.tentatively(() -> captured(recorder, work));
            return recorder.finished(graph, numMoves.getAsLong());
        } catch (CannException | EngineException e) {
            Cleanup cleanup = new Cleanup();
            recorder.abandon(cleanup);
            cleanup.addTo(e);
            giveUp(shape, e);
            return null;
        }
    }

    private Acl.Graph captured(GraphRecorder recorder, Runnable work) {
        cann.graphs().captureBegin(queue.stream(), CaptureMode.THREAD_LOCAL);
        try {
            queue.divert(recorder, work);
            return cann.graphs().captureEnd(queue.stream());
        } catch (RuntimeException e) {
            Cleanup cleanup = new Cleanup();
            cleanup.run(() -> cann.graphs().destroy(cann.graphs().captureEnd(queue.stream())));
            cleanup.addTo(e);
            throw e;
        }
    }

    private void giveUp(Object shape, RuntimeException cause) {
        boolean isUnsupported = cause instanceof CannException known && known.kind() == StatusKind.UNSUPPORTED;
        boolean isCollective =
                cause instanceof CannException known && known.function().startsWith("Hccl");
        numFailures++;
        if (isUnsupported || numFailures == MAX_FAILURES) {
            mayCapture = false;
            LOG.warn(
                    "{} captures no more steps as graphs and runs them operator by operator, which costs the host more,"
                            + " but for {} that it has ({}){}",
                    health.device(),
                    entries.values().stream()
                            .filter(entry -> entry.graph != null)
                            .count(),
                    cause.getMessage(),
                    isCollective ? "; set HCCL_OP_EXPANSION_MODE=AIV before java starts" : "");
        } else {
            LOG.debug("{} could not capture the step {}", health.device(), shape, cause);
        }
    }

    private Acl.Stream updateStream() {
        Acl.Stream existing = updates;
        if (existing == null) {
            existing = cann.streams().createStream();
            updates = existing;
        }
        return existing;
    }

    private void dropEldest() {
        Iterator<Entry> eldestFirst = entries.values().iterator();
        while (entries.size() > MAX_SHAPES) {
            StepGraph graph = eldestFirst.next().graph;
            eldestFirst.remove();
            if (graph != null) {
                discard(graph);
            }
        }
    }

    private void discard(StepGraph graph) {
        health.run("give a graph back", () -> {
            queue.synchronize();
            Cleanup cleanup = new Cleanup();
            destroy(graph, cleanup);
            cleanup.throwFailure();
        });
    }

    private void destroy(StepGraph graph, Cleanup cleanup) {
        cleanup.run(() -> cann.graphs().destroy(graph.graph()));
        graph.updates().forEach(update -> cleanup.run(() -> cann.streams().destroyEvent(update.isPlanned())));
    }

    /** Steps so far that a graph has run. */
    long numReplays() {
        return numReplays;
    }

    /** Gives everything back, once the queue's stream has been waited for or aborted. */
    @Override
    public void close() {
        Cleanup cleanup = new Cleanup();
        for (Map.Entry<Object, Entry> each : entries.entrySet()) {
            StepGraph graph = each.getValue().graph;
            if (graph != null) {
                destroy(graph, cleanup);
            }
        }
        entries.clear();
        Acl.Stream stream = updates;
        updates = null;
        if (stream != null) {
            cleanup.run(() -> cann.streams().destroyStreamForce(stream));
        }
        cleanup.run(workspace::close);
        cleanup.throwFailure();
    }
}
