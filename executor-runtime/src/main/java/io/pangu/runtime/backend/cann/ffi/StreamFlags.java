package io.pangu.runtime.backend.cann.ffi;

/** Flags of streams and events, to be added up, and the answers to a failing task. */
public final class StreamFlags {
    /** A stream keeps what it needs to launch, which makes launches faster and takes more memory. */
    public static final int STREAM_FAST_LAUNCH = 1;

    /** A stream's waits spin instead of sleeping. */
    public static final int STREAM_FAST_SYNC = 2;

    /** An event that streams and the host can wait for. */
    public static final int EVENT_SYNC = 1;

    /** An event that keeps its stream's progress, for asking. */
    public static final int EVENT_CAPTURE_STREAM_PROGRESS = 2;

    /** An event that keeps the time. */
    public static final int EVENT_TIME_LINE = 8;

    /** An event that a captured stream waits for and that another stream records while the graph runs. */
    public static final int EVENT_EXTERNAL = 32;

    /** A stream goes on after a task failed. */
    public static final long CONTINUE_ON_FAILURE = 0;

    /** A stream stops at the first task that fails. */
    public static final long STOP_ON_FAILURE = 1;

    private StreamFlags() {}
}
