package io.pangu.planted.tensor;

import io.pangu.planted.error.Offender;

/** The other half of a planted cycle. */
public final class Partner {
    private Partner() {}

    /** The way there of the cycle. */
    public static int offender() {
        return Offender.partner();
    }
}
