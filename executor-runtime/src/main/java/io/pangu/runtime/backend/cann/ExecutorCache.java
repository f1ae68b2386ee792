package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclnnOps;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.lang.foreign.Arena;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Executors by the shape of their call, so that the planning of an operator is paid once: later calls point the executor to
 * their addresses and launch it. An operator that cannot be repeated is planned for each call. Bounded: the one that has not been
 * used for longest goes first. Used by the thread that drives the device.
 */
final class ExecutorCache implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorCache.class);

    private final CannBindings cann;
    private final Acl.Stream stream;
    private final Workspace workspace;
    private final int maxEntries;
    private final Arena arena = Arena.ofConfined();
    private final OpPlan plan = new OpPlan(arena);
    private final LinkedHashMap<OperatorShape, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    /** Operators that are planned for each call. */
    private final LinkedHashMap<OperatorCall, Placed> placed = new LinkedHashMap<>(16, 0.75f, true);

    private long numPlans;
    private long numRepeats;
    private long largestOnce;
    private boolean hasWarned;

    /** Calls the first phase of one operator with the tensors of its shape. */
    @FunctionalInterface
    interface Planner {
        /** Plans; everything else that it passes must stay as long as the cache. */
        void plan(AclnnOps ops, OpPlan plan, OperatorTensors tensors);
    }

    /**
     * What is kept of a shape.
     *
     * @param executor null when the operator cannot be repeated
     * @param tensors those of the executor; null without it
     * @param workspaceBytes what a launch needs
     */
    private record Entry(
            Acl.@Nullable Executor executor, @Nullable OperatorTensors tensors, long workspaceBytes) {
        static final Entry NOT_REPEATABLE = new Entry(null, null, 0);
    }

    /** A call and the descriptors of its tensors. */
    private record Placed(OperatorCall call, OperatorTensors tensors) {}

    /**
     * An empty cache.
     *
     * @param stream where operators are put
     * @param workspace of that stream
     * @param maxEntries most shapes that are kept
     */
    ExecutorCache(CannBindings cann, Acl.Stream stream, Workspace workspace, int maxEntries) {
        if (maxEntries < 1) {
            throw new IllegalArgumentException("a cache of " + maxEntries + " executors");
        }
        this.cann = cann;
        this.stream = stream;
        this.workspace = workspace;
        this.maxEntries = maxEntries;
    }

    /**
     * Puts an operator on the stream.
     *
     * @param planner called when there is no executor for the shape yet; it must do the same for every call of one shape
     * @param addresses device address of each operand of the shape
     * @throws CannException when a phase fails
     */
    void run(OperatorShape shape, Planner planner, long... addresses) {
        Entry entry = entries.get(shape);
        if (entry == null) {
            planAndKeep(shape, planner, addresses);
        } else if (entry.executor == null || entry.tensors == null) {
            planOnce(new OperatorCall(shape, addresses), planner, stream, workspace::require);
        } else if (move(shape, entry.executor, entry.tensors, addresses)) {
            numRepeats++;
            long memory = workspace.require(entry.workspaceBytes);
            cann.ops().launch(shape.operator(), memory, entry.workspaceBytes, entry.executor, stream);
        } else {
            planOnce(new OperatorCall(shape, addresses), planner, stream, workspace::require);
        }
    }

    /**
     * The same for an operator whose plan depends on the values of a call, such as lengths: it is planned anew, nothing
     * but its tensors' descriptors is kept, and nothing that the planner passes need stay.
     */
    void runOnce(OperatorCall call, Planner planner) {
        largestOnce = Math.max(largestOnce, planOnce(call, planner, stream, workspace::require));
    }

    /**
     * The same on another stream, or in other memory.
     *
     * @param memory gives an address where so many bytes are free
     */
    void runOnce(OperatorCall call, Planner planner, Acl.Stream on, LongUnaryOperator memory) {
        planOnce(call, planner, on, memory);
    }

    /** A call that has been run and equals this one, or else this one: what is known is found again sooner by itself. */
    OperatorCall known(OperatorCall call) {
        Placed known = placed.get(call);
        return known == null ? call : known.call;
    }

    /** Whether the executor points to the addresses now; if it cannot, it is not used again. */
    private boolean move(OperatorShape shape, Acl.Executor executor, OperatorTensors tensors, long[] addresses) {
        try {
            tensors.moveTo(addresses, cann.executors(), executor);
            return true;
        } catch (CannException e) {
            // one is enough to say that this CANN counts an operator's tensors in another way
            LOG.atLevel(hasWarned ? Level.DEBUG : Level.WARN)
                    .log(
                            "{} is planned for each call from now on: its executor cannot be moved: {}",
                            shape,
                            e.getMessage());
            hasWarned = true;
            entries.put(shape, Entry.NOT_REPEATABLE);
            destroy(executor, tensors);
            return false;
        }
    }

    private void planAndKeep(OperatorShape shape, Planner planner, long[] addresses) {
        OperatorTensors tensors = new OperatorTensors(cann.tensors(), shape, addresses);
        boolean isRepeatable = false;
        try {
            plan(shape, planner, tensors);
            long memory = workspaceFor(plan, workspace::require);
            isRepeatable = makeRepeatable(shape);
            cann.ops().launch(plan, memory, stream);
        } catch (RuntimeException e) {
            giveUp(isRepeatable, tensors, e);
            throw e;
        }
        if (isRepeatable) {
            entries.put(shape, new Entry(plan.executor(), tensors, plan.workspaceBytes()));
        } else {
            entries.put(shape, Entry.NOT_REPEATABLE);
            tensors.close();
        }
        dropEldest();
    }

    /** Gives the bytes that it worked in. */
    private long planOnce(OperatorCall call, Planner planner, Acl.Stream on, LongUnaryOperator memory) {
        plan(call.shape(), planner, placedTensors(call));
        long bytes = plan.workspaceBytes();
        cann.ops().launch(plan, workspaceFor(plan, memory), on);
        return bytes;
    }

    private OperatorTensors placedTensors(OperatorCall call) {
        Placed known = placed.get(call);
        if (known != null) {
            return known.tensors;
        }
        OperatorTensors tensors = new OperatorTensors(cann.tensors(), call.shape(), call.addresses());
        placed.put(call, new Placed(call, tensors));
        if (placed.size() > maxEntries) {
            Iterator<Placed> eldestFirst = placed.values().iterator();
            Placed eldest = eldestFirst.next();
            eldestFirst.remove();
            eldest.tensors.close();
        }
        return tensors;
    }

    private void plan(OperatorShape shape, Planner planner, OperatorTensors tensors) {
        planner.plan(cann.ops(), plan, tensors);
        if (plan.operator() != shape.operator()) {
            cann.executors().discard(plan.executor());
            throw new IllegalArgumentException(plan.operator() + " has been planned for " + shape);
        }
        numPlans++;
    }

    /** Room to work in; the executor is given back when there is none. */
    private long workspaceFor(OpPlan planned, LongUnaryOperator memory) {
        try {
            return memory.applyAsLong(planned.workspaceBytes());
        } catch (RuntimeException e) {
            try {
                cann.executors().discard(planned.executor());
            } catch (CannException leak) {
                e.addSuppressed(leak); // an executor that cannot be repeated cannot be given back either
            }
            throw e;
        }
    }

    private boolean makeRepeatable(OperatorShape shape) {
        try {
            cann.executors().setRepeatable(plan.executor());
            return true;
        } catch (CannException e) {
            LOG.debug("{} is planned for each call: {}", shape, e.getMessage());
            return false;
        }
    }

    /** After a launch that failed: an executor that is not repeatable is used up all the same. */
    private void giveUp(boolean isRepeatable, OperatorTensors tensors, RuntimeException cause) {
        try {
            if (isRepeatable) {
                cann.executors().destroy(plan.executor());
            }
        } catch (CannException e) {
            cause.addSuppressed(e);
        }
        close(tensors, cause);
    }

    private static void close(OperatorTensors tensors, RuntimeException cause) {
        try {
            tensors.close();
        } catch (CannException e) {
            cause.addSuppressed(e);
        }
    }

    private void dropEldest() {
        Iterator<Map.Entry<OperatorShape, Entry>> eldestFirst =
                entries.entrySet().iterator();
        while (entries.size() > maxEntries) {
            Entry eldest = eldestFirst.next().getValue();
            eldestFirst.remove();
            if (eldest.executor != null && eldest.tensors != null) {
                destroy(eldest.executor, eldest.tensors);
            }
        }
    }

    private void destroy(Acl.Executor executor, OperatorTensors tensors) {
        try {
            cann.executors().destroy(executor);
        } finally {
            tensors.close();
        }
    }

    /** The most bytes that an operator that is planned for each call has worked in so far. */
    long largestOnce() {
        return largestOnce;
    }

    /** First phases so far. */
    long numPlans() {
        return numPlans;
    }

    /** Launches so far that needed no first phase. */
    long numRepeats() {
        return numRepeats;
    }

    /** Shapes that are kept. */
    int size() {
        return entries.size();
    }

    /** Destroys every executor and its tensors. */
    @Override
    public void close() {
        Cleanup cleanup = new Cleanup();
        for (Entry entry : entries.values()) {
            if (entry.executor != null && entry.tensors != null) {
                cleanup.run(() -> destroy(entry.executor, entry.tensors));
            }
        }
        entries.clear();
        placed.values().forEach(each -> cleanup.run(each.tensors::close));
        placed.clear();
        arena.close();
        cleanup.throwFailure();
    }
}
