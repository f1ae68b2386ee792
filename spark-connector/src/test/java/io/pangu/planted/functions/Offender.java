package io.pangu.planted.functions;

import io.pangu.planted.exec.Operator;
import io.pangu.runtime.error.ErrorCode;

/** Breaks the rules on purpose: imports the operator and names a class of the runtime. */
public final class Offender {
    private Offender() {}

    /** What the rules must see. */
    public static String offence() {
        return Operator.name() + ErrorCode.INTERNAL;
    }
}
