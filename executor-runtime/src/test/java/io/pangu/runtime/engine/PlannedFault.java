package io.pangu.runtime.engine;

import io.pangu.runtime.backend.cann.StandInCann;
import io.pangu.runtime.backend.cann.StandInCann.Fault;

/**
 * A fault of one call.
 *
 * @param nth which call of the function, from 1
 * @param device whose; -1 for a function that is called before a device is set
 * @param code the status, 0 for one that fits
 * @param millis how late
 */
record PlannedFault(String function, int nth, int device, Fault kind, int code, long millis) {
    void plant(StandInCann cann) {
        cann.fault(function, nth, device, kind, code, millis);
    }

    /** Of the call itself, not of the work that it puts on a stream. */
    boolean isOfCall() {
        return kind == Fault.FAIL || kind == Fault.LATE || kind == Fault.HANG;
    }

    /** A call that gives something back: when it fails, that is not given back. */
    boolean losesSomething() {
        return kind == Fault.FAIL && givesBack(function);
    }

    static boolean givesBack(String function) {
        return function.contains("Destroy") || function.contains("Free") || function.equals("aclrtResetDevice");
    }
}
