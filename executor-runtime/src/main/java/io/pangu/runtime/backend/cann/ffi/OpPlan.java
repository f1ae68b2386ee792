package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What an operator's first phase gave and its second needs: the workspace's size and an executor. To be reused for one operator
 * after another; belongs to one thread, the one that makes both calls.
 *
 * <p>An executor is used up by the launch. One that is never launched must be discarded ({@link AclExecutors#discard}) or it
 * leaks.
 */
public final class OpPlan {
    private static final long EXECUTOR = Long.BYTES;

    /** Written by C: the workspace's size in bytes, then the executor. */
    private final MemorySegment out;

    private @Nullable AclnnOperator operator;

    /** An empty plan; its 16 bytes live as long as the arena. */
    public OpPlan(Arena arena) {
        this.out = arena.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());
    }

    /** The operator that was planned last. */
    public AclnnOperator operator() {
        AclnnOperator planned = operator;
        if (planned == null) {
            throw new IllegalStateException("no operator has been planned");
        }
        return planned;
    }

    /** Device memory that the launch needs, in bytes; 0 for none. */
    public long workspaceBytes() {
        return out.get(JAVA_LONG, 0);
    }

    public Acl.Executor executor() {
        return new Acl.Executor(executorAddress());
    }

    long executorAddress() {
        return out.get(JAVA_LONG, EXECUTOR);
    }

    long sizeOut() {
        operator = null;
        return out.address();
    }

    long executorOut() {
        return out.address() + EXECUTOR;
    }

    void sized(OperatorTable table, AclnnOperator op, int status) {
        table.checkSizing(op, status);
        operator = op;
    }
}
