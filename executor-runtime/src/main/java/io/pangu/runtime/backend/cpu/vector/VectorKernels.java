package io.pangu.runtime.backend.cpu.vector;

import io.pangu.runtime.backend.cpu.math.BlockKernels;

/** Finds out whether the Vector API can be used in this process. Loads no class of the incubator module before it knows. */
public final class VectorKernels {
    private static final String MODULE = "jdk.incubator.vector";

    private VectorKernels() {}

    /** What was found. */
    public sealed interface Lookup {
        /** The kernels. */
        record Found(BlockKernels kernels) implements Lookup {}

        /** There are none, and why. */
        record Missing(String reason) implements Lookup {}
    }

    /** The kernels of this process, or why there are none. */
    public static Lookup find() {
        return find(ModuleLayer.boot());
    }

    static Lookup find(ModuleLayer modules) {
        if (modules.findModule(MODULE).isEmpty()) {
            return new Lookup.Missing("the Vector API is not loaded; start the JVM with --add-modules " + MODULE
                    + " (Spark's launcher does it by itself)");
        }
        return new Lookup.Found(new VectorBlockKernels());
    }
}
