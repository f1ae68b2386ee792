package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.cann.CannTensor.Argument;
import io.pangu.runtime.backend.cann.OperatorShape.Operand;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.StreamFlags;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A device's stream and all that goes through it: operators, collectives and copies, in order. Used by the thread that drives
 * the device.
 */
final class CannQueue implements AutoCloseable {
    private static final long[] NONE = {};

    private final CannBindings cann;
    private final CannHealth health;
    private final boolean synchronizesOperators;
    private final BoundedWait wait;
    private final Acl.Stream stream;
    private final Workspace workspace;
    private final ExecutorCache executors;
    private final StagingRing staging;

    private LaunchTarget target;

    private CannQueue(
            CannBindings cann,
            CannHealth health,
            CannSettings settings,
            BoundedWait wait,
            Acl.Stream stream,
            Workspace workspace,
            StagingRing staging) {
        this.cann = cann;
        this.health = health;
        this.synchronizesOperators = settings.synchronizesOperators();
        this.wait = wait;
        this.stream = stream;
        this.workspace = workspace;
        this.staging = staging;
        this.executors = new ExecutorCache(cann, stream, workspace, settings.maxExecutors());
        this.target = new DirectTarget(executors);
    }

    /**
     * A queue of the current device.
     *
     * @param arena where its operators work
     */
    static CannQueue open(
            CannBindings cann, CannHealth health, CannArena arena, BoundedWait wait, CannSettings settings) {
        Acl.Stream stream =
                cann.streams().createStream(0, StreamFlags.STREAM_FAST_LAUNCH | StreamFlags.STREAM_FAST_SYNC);
        try {
            cann.streams().setFailureMode(stream, StreamFlags.STOP_ON_FAILURE);
            StagingRing staging =
                    new StagingRing(cann, stream, settings.stagingSlots(), settings.stagingSlotBytes(), wait);
            return new CannQueue(cann, health, settings, wait, stream, new Workspace(arena, stream, wait), staging);
        } catch (RuntimeException e) {
            Cleanup cleanup = new Cleanup();
            cleanup.run(() -> cann.streams().destroyStreamForce(stream));
            cleanup.addTo(e);
            throw e;
        }
    }

    CannBindings cann() {
        return cann;
    }

    Acl.Stream stream() {
        return stream;
    }

    /** Whether this CANN has an operator. */
    boolean has(AclnnOperator operator) {
        return cann.ops().has(operator);
    }

    /** Puts an operator that its tensors' shapes determine on the stream. */
    void run(AclnnOperator operator, ExecutorCache.Planner planner, Argument... arguments) {
        run(operator, NONE, planner, arguments);
    }

    /**
     * Puts an operator on the stream.
     *
     * @param attributes everything but tensors that the planner passes, as bits
     */
    void run(AclnnOperator operator, long[] attributes, ExecutorCache.Planner planner, Argument... arguments) {
        launch(operator, () -> target.run(shape(operator, attributes, arguments), planner, addresses(arguments)));
    }

    /** Puts an operator on the stream whose plan depends on values of this call alone. */
    void runOnce(OperatorCall call, ExecutorCache.Planner planner) {
        launch(call.shape().operator(), () -> target.runOnce(call, planner));
    }

    /** A call for {@link #runOnce}, which may be kept. */
    OperatorCall call(AclnnOperator operator, Argument... arguments) {
        return executors.known(new OperatorCall(shape(operator, NONE, arguments), addresses(arguments)));
    }

    /**
     * Puts a collective on the stream.
     *
     * @param name as in messages
     * @param arguments where its tensors lie and how many elements they have
     */
    void collective(String name, long[] arguments, Runnable call) {
        health.run("run " + name, () -> target.collective(name, arguments, call));
    }

    /**
     * Runs attention, in a way that a graph can repeat with other lengths.
     *
     * @param attention runs its operators by {@link #runOnce}, for this plan and any other of the same tensors
     */
    void attend(AttentionPlan plan, Consumer<AttentionPlan> attention) {
        target.attend(plan, attention);
    }

    /** Does work whose operators and collectives go elsewhere. */
    void divert(LaunchTarget elsewhere, Runnable work) {
        LaunchTarget direct = target;
        target = elsewhere;
        try {
            work.run();
        } finally {
            target = direct;
        }
    }

    ExecutorCache executors() {
        return executors;
    }

    /** How often the memory that its operators work in has come to lie somewhere else. */
    long numMoves() {
        return workspace.numMoves();
    }

    /** Makes the workspace so large that it will not have to grow while the stream is captured. */
    void reserveForCapture() {
        workspace.reserve();
    }

    private void launch(AclnnOperator operator, Runnable work) {
        health.run("run " + operator.cName(), () -> {
            work.run();
            if (synchronizesOperators) {
                wait.stream(stream);
            }
        });
    }

    private static OperatorShape shape(AclnnOperator operator, long[] attributes, Argument[] arguments) {
        List<Operand> operands = new ArrayList<>(arguments.length);
        for (Argument argument : arguments) {
            operands.add(argument.operand());
        }
        return new OperatorShape(operator, operands, attributes);
    }

    private static long[] addresses(Argument[] arguments) {
        long[] addresses = new long[arguments.length];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = arguments[i].address();
        }
        return addresses;
    }

    /**
     * A tensor in fp32.
     *
     * @param target where it goes when it is of another type
     */
    CannTensor asFloats(CannTensor tensor, CannTensor target) {
        if (tensor.view().dataType() == AclDataType.FLOAT32) {
            return tensor;
        }
        cast(tensor, target);
        return target;
    }

    /** Converts to the target's type. */
    void cast(CannTensor tensor, CannTensor target) {
        AclDataType type = target.view().dataType();
        run(
                AclnnOperator.CAST,
                (ops, plan, t) -> ops.elementwise().cast(plan, t.tensor(0), type, t.tensor(1)),
                tensor.read(),
                target.written());
    }

    /** Puts a copy of host memory on the stream, which may be reused on return. */
    void upload(MemorySegment source, long target) {
        health.run("copy " + source.byteSize() + " bytes to it", () -> staging.upload(source, target));
    }

    /** Waits for the stream, then copies to host memory. */
    void download(long source, MemorySegment target) {
        health.run("copy " + target.byteSize() + " bytes from it", () -> staging.download(source, target));
    }

    /** Waits for all that is on the stream. */
    void synchronize() {
        health.run("finish its work", () -> wait.stream(stream));
    }

    /** What went through so far. */
    LaunchCounters counters() {
        long plans = executors.numPlans();
        long repeats = executors.numRepeats();
        return new LaunchCounters(plans + repeats, plans, repeats, 0);
    }

    /** Comes to an end with what is on the stream: waits for it, or drops it where it will never be done. */
    void finish() {
        if (!health.isLost()) {
            try {
                wait.stream(stream);
                return;
            } catch (RuntimeException e) {
                health.lose(e);
            }
        }
        cann.streams().abort(stream);
    }

    /**
     * Gives everything back, once the stream has been finished.
     *
     * @throws RuntimeException the first failure, after everything has been tried
     */
    @Override
    public void close() {
        Cleanup cleanup = new Cleanup();
        cleanup.run(executors::close);
        cleanup.run(workspace::close);
        cleanup.run(() -> cann.streams().destroyStreamForce(stream));
        cleanup.run(staging::close);
        cleanup.throwFailure();
    }
}
