package io.pangu.planted.error;

import io.pangu.planted.tensor.Partner;
import java.lang.foreign.Linker;

/** Breaks the rules on purpose: imports upwards, closes a cycle, links native code and uses the Vector API. */
public final class Offender {
    private Offender() {}

    /** The way back of the cycle. */
    public static int partner() {
        return Partner.offender()
                + Linker.nativeLinker().hashCode()
                + jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.length();
    }
}
