package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;

/**
 * Lengths as operators take them, made once for all layers of a step. Bounded: those that have not been used for longest go
 * first. Used by the thread that drives the device.
 */
final class LengthArrays implements AutoCloseable {
    /** More than the runs of a step that are planned apart, as a rule. */
    static final int MAX_ARRAYS = 64;

    private final AclTensors factory;
    private final LinkedHashMap<Lengths, Acl.IntArray> arrays = new LinkedHashMap<>(16, 0.75f, true);

    private record Lengths(long[] values) {
        @Override
        public boolean equals(Object o) {
            return o instanceof Lengths other && Arrays.equals(values, other.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }

        @Override
        public String toString() {
            return Arrays.toString(values);
        }
    }

    LengthArrays(AclTensors factory) {
        this.factory = factory;
    }

    /**
     * An array of these values, valid until {@link #MAX_ARRAYS} others have been asked for.
     *
     * @param lengths not changed any more
     */
    Acl.IntArray of(long[] lengths) {
        Acl.IntArray array = arrays.computeIfAbsent(new Lengths(lengths), missing -> factory.createIntArray(lengths));
        if (arrays.size() > MAX_ARRAYS) {
            Iterator<Acl.IntArray> eldestFirst = arrays.values().iterator();
            Acl.IntArray eldest = eldestFirst.next();
            eldestFirst.remove();
            factory.destroyIntArray(eldest);
        }
        return array;
    }

    @Override
    public void close() {
        Cleanup cleanup = new Cleanup();
        arrays.values().forEach(array -> cleanup.run(() -> factory.destroyIntArray(array)));
        arrays.clear();
        cleanup.throwFailure();
    }
}
