package io.pangu.planted.engine;

import java.lang.foreign.MemorySegment;

/** Shows mapped memory where the public API must name only what Java 17 has. */
public final class Leak {
    private Leak() {}

    /** Something no caller on Java 17 could compile against. */
    public static MemorySegment memory() {
        return MemorySegment.NULL;
    }
}
