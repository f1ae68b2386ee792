package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;

/**
 * Streams and events. They belong to the context in which they were created and are used while it is current. Failures of what
 * runs on a stream come out of the waits. Every method throws {@link CannException} when its function fails.
 */
public final class AclStreams {
    private static final int STREAM_COMPLETE = 0;
    private static final int EVENT_RECORDED_COMPLETE = 1;
    private static final int EVENT_WAIT_COMPLETE = 0;

    private final FunctionTable table;

    AclStreams(FunctionTable table) {
        this.table = table;
    }

    /** {@code aclrtCreateStream}. */
    public Acl.Stream createStream() {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.CREATE_STREAM, call(table, AclFunction.CREATE_STREAM, out.pointer(0)));
        return new Acl.Stream(out.asLong(0));
    }

    /**
     * {@code aclrtCreateStreamWithConfig}.
     *
     * @param priority 0 is the highest
     * @param flags the sum of {@code STREAM_*} of {@link StreamFlags}
     */
    public Acl.Stream createStream(int priority, int flags) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.CREATE_STREAM_WITH_CONFIG,
                call(table, AclFunction.CREATE_STREAM_WITH_CONFIG, out.pointer(0), priority, flags));
        return new Acl.Stream(out.asLong(0));
    }

    /** {@code aclrtDestroyStream}: after it has been waited for. */
    public void destroyStream(Acl.Stream stream) {
        table.check(AclFunction.DESTROY_STREAM, call(table, AclFunction.DESTROY_STREAM, stream.address()));
    }

    /** {@code aclrtDestroyStreamForce}: drops what is still queued. */
    public void destroyStreamForce(Acl.Stream stream) {
        table.check(AclFunction.DESTROY_STREAM_FORCE, call(table, AclFunction.DESTROY_STREAM_FORCE, stream.address()));
    }

    /** {@code aclrtSynchronizeStream}: waits for all that is queued, without limit. */
    public void synchronize(Acl.Stream stream) {
        table.check(AclFunction.SYNCHRONIZE_STREAM, call(table, AclFunction.SYNCHRONIZE_STREAM, stream.address()));
    }

    /** {@code aclrtSynchronizeStreamWithTimeout}: a {@link StatusKind#TIMEOUT} when it takes longer. */
    public void synchronize(Acl.Stream stream, int timeoutMillis) {
        table.check(
                AclFunction.SYNCHRONIZE_STREAM_WITH_TIMEOUT,
                call(table, AclFunction.SYNCHRONIZE_STREAM_WITH_TIMEOUT, stream.address(), timeoutMillis));
    }

    /** {@code aclrtStreamQuery}: whether all that was queued is done. */
    public boolean isComplete(Acl.Stream stream) {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.STREAM_QUERY, call(table, AclFunction.STREAM_QUERY, stream.address(), out.pointer(0)));
        return out.asInt(0) == STREAM_COMPLETE;
    }

    /**
     * {@code aclrtSetStreamFailureMode}, once per stream.
     *
     * @param mode {@link StreamFlags#STOP_ON_FAILURE} or {@link StreamFlags#CONTINUE_ON_FAILURE}
     */
    public void setFailureMode(Acl.Stream stream, long mode) {
        table.check(
                AclFunction.SET_STREAM_FAILURE_MODE,
                call(table, AclFunction.SET_STREAM_FAILURE_MODE, stream.address(), mode));
    }

    /** {@code aclrtStreamAbort}: drops what is queued and stops what runs. */
    public void abort(Acl.Stream stream) {
        table.check(AclFunction.STREAM_ABORT, call(table, AclFunction.STREAM_ABORT, stream.address()));
    }

    /** {@code aclrtStreamWaitEvent}: what is queued from here on waits for the event. */
    public void waitEvent(Acl.Stream stream, Acl.Event event) {
        table.check(
                AclFunction.STREAM_WAIT_EVENT,
                call(table, AclFunction.STREAM_WAIT_EVENT, stream.address(), event.address()));
    }

    /** {@code aclrtCreateEvent}. */
    public Acl.Event createEvent() {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.CREATE_EVENT, call(table, AclFunction.CREATE_EVENT, out.pointer(0)));
        return new Acl.Event(out.asLong(0));
    }

    /**
     * {@code aclrtCreateEventWithFlag}.
     *
     * @param flags the sum of {@code EVENT_*} of {@link StreamFlags}
     */
    public Acl.Event createEvent(int flags) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.CREATE_EVENT_WITH_FLAG,
                call(table, AclFunction.CREATE_EVENT_WITH_FLAG, out.pointer(0), flags));
        return new Acl.Event(out.asLong(0));
    }

    /**
     * {@code aclrtCreateEventExWithFlag}: an event that may be recorded again without a reset.
     *
     * @param flags the sum of {@code EVENT_*} of {@link StreamFlags}
     */
    public Acl.Event createReusableEvent(int flags) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.CREATE_EVENT_EX_WITH_FLAG,
                call(table, AclFunction.CREATE_EVENT_EX_WITH_FLAG, out.pointer(0), flags));
        return new Acl.Event(out.asLong(0));
    }

    /** {@code aclrtDestroyEvent}. */
    public void destroyEvent(Acl.Event event) {
        table.check(AclFunction.DESTROY_EVENT, call(table, AclFunction.DESTROY_EVENT, event.address()));
    }

    /** {@code aclrtRecordEvent}: the event is complete when all that is queued so far is done. */
    public void record(Acl.Event event, Acl.Stream stream) {
        table.check(AclFunction.RECORD_EVENT, call(table, AclFunction.RECORD_EVENT, event.address(), stream.address()));
    }

    /** {@code aclrtResetEvent}: when the stream gets there, the event is incomplete again. */
    public void reset(Acl.Event event, Acl.Stream stream) {
        table.check(AclFunction.RESET_EVENT, call(table, AclFunction.RESET_EVENT, event.address(), stream.address()));
    }

    /** {@code aclrtQueryEventStatus}: whether what it marks is done. */
    public boolean isComplete(Acl.Event event) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.QUERY_EVENT_STATUS,
                call(table, AclFunction.QUERY_EVENT_STATUS, event.address(), out.pointer(0)));
        return out.asInt(0) == EVENT_RECORDED_COMPLETE;
    }

    /** {@code aclrtQueryEventWaitStatus}: whether every stream that waits for it has gone on. */
    public boolean isWaitedFor(Acl.Event event) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.QUERY_EVENT_WAIT_STATUS,
                call(table, AclFunction.QUERY_EVENT_WAIT_STATUS, event.address(), out.pointer(0)));
        return out.asInt(0) == EVENT_WAIT_COMPLETE;
    }

    /** {@code aclrtSynchronizeEvent}: waits without limit. */
    public void synchronize(Acl.Event event) {
        table.check(AclFunction.SYNCHRONIZE_EVENT, call(table, AclFunction.SYNCHRONIZE_EVENT, event.address()));
    }

    /** {@code aclrtSynchronizeEventWithTimeout}: a {@link StatusKind#TIMEOUT} when it takes longer. */
    public void synchronize(Acl.Event event, int timeoutMillis) {
        table.check(
                AclFunction.SYNCHRONIZE_EVENT_WITH_TIMEOUT,
                call(table, AclFunction.SYNCHRONIZE_EVENT_WITH_TIMEOUT, event.address(), timeoutMillis));
    }

    /** {@code aclrtEventElapsedTime}: milliseconds between two events that keep the time. */
    public float elapsedMillis(Acl.Event start, Acl.Event end) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.EVENT_ELAPSED_TIME,
                call(table, AclFunction.EVENT_ELAPSED_TIME, out.pointer(0), start.address(), end.address()));
        return out.asFloat(0);
    }
}
