package io.pangu.runtime.backend.cann.ffi;

import io.pangu.runtime.error.ErrorCode;

/** What a status means to a caller: what can be done about it. */
public enum StatusKind {
    SUCCESS(ErrorCode.INTERNAL),
    /** An argument is wrong: a fault of the caller. */
    INVALID_ARGUMENT(ErrorCode.INTERNAL),
    /** Called at the wrong time, on the wrong thread or in the wrong order: a fault of the caller. */
    INVALID_STATE(ErrorCode.INTERNAL),
    /** It was done before; doing it again changes nothing. */
    REPEATED(ErrorCode.INTERNAL),
    /** This version, driver or device cannot do it; another way may. */
    UNSUPPORTED(ErrorCode.BACKEND_UNAVAILABLE),
    /** The installation is incomplete, or may not be used by this user. */
    ENVIRONMENT(ErrorCode.BACKEND_UNAVAILABLE),
    /** There is no memory left, on the device or for the driver. */
    OUT_OF_MEMORY(ErrorCode.OUT_OF_MEMORY),
    /** Streams, events, queues or other counted resources are used up. */
    RESOURCE_EXHAUSTED(ErrorCode.OUT_OF_MEMORY),
    /** Not yet: the same call may succeed later. */
    NOT_READY(ErrorCode.INTERNAL),
    /** The device did not finish in time; whether it ever will is unknown. */
    TIMEOUT(ErrorCode.DEVICE_LOST),
    /** The device, its driver or a task on it failed; what it computed is void. */
    DEVICE_LOST(ErrorCode.DEVICE_LOST),
    /** Another rank, or the way to it, failed. */
    PEER_LOST(ErrorCode.DEVICE_LOST),
    /** A fault inside CANN that is not known to be any of the others. */
    INTERNAL(ErrorCode.INTERNAL);

    private final ErrorCode errorCode;

    StatusKind(ErrorCode errorCode) {
        this.errorCode = errorCode;
    }

    /** The runtime's code for an error of this kind. */
    public ErrorCode errorCode() {
        return errorCode;
    }
}
