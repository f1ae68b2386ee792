package io.pangu.runtime.backend.cann.ffi;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Which call into CANN a thread is in, noted by the thread and read by the watch over it: two stores for each call, no clock. A
 * thread that nobody watches notes nothing.
 */
final class CurrentCall {
    private static final ThreadLocal<@Nullable CurrentCall> OF_THREAD = new ThreadLocal<>();
    private static final VarHandle COUNT;
    private static final MethodHandle LEAVE_INT;
    private static final MethodHandle LEAVE_LONG;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            COUNT = lookup.findVarHandle(CurrentCall.class, "count", long.class);
            LEAVE_INT = lookup.findStatic(CurrentCall.class, "leave", MethodType.methodType(int.class, int.class));
            LEAVE_LONG = lookup.findStatic(CurrentCall.class, "leave", MethodType.methodType(long.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Of the call with the latest count; published by that. */
    private @Nullable String function;

    /** Odd while a call is running, another number for each. */
    private long count;

    /** A call that is running. */
    record Running(String function, long number) {}

    /** Begins to note the calls of this thread. */
    static CurrentCall ofThisThread() {
        CurrentCall call = new CurrentCall();
        OF_THREAD.set(call);
        return call;
    }

    /** Ends it. */
    static void forget() {
        OF_THREAD.remove();
    }

    /** This thread is about to call a function. */
    static void enter(String function) {
        CurrentCall call = OF_THREAD.get();
        if (call != null) {
            call.function = function;
            // from an odd count too: whoever was to call may have failed before it did
            COUNT.setRelease(call, ((long) COUNT.get(call) | 1) + 2);
        }
    }

    private static void leave() {
        CurrentCall call = OF_THREAD.get();
        if (call != null) {
            COUNT.setRelease(call, ((long) COUNT.get(call) + 1) & ~1L);
        }
    }

    @SuppressWarnings("unused") // by LEAVE_INT
    private static int leave(int result) {
        leave();
        return result;
    }

    @SuppressWarnings("unused") // by LEAVE_LONG
    private static long leave(long result) {
        leave();
        return result;
    }

    /** The same handle, which notes the end of its call; {@link #enter} notes the beginning. */
    static MethodHandle noting(MethodHandle call) {
        return MethodHandles.filterReturnValue(call, call.type().returnType() == int.class ? LEAVE_INT : LEAVE_LONG);
    }

    /** The call that is running now, or null; for the watch. */
    @Nullable
    Running running() {
        long before = (long) COUNT.getAcquire(this);
        String running = function;
        VarHandle.acquireFence();
        return (before & 1) == 1 && running != null && (long) COUNT.getOpaque(this) == before
                ? new Running(running, before)
                : null;
    }
}
