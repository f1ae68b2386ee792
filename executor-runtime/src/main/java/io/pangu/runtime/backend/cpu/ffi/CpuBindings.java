package io.pangu.runtime.backend.cpu.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * The kernels of {@code pangu_cpu.h} in one set. Pointers go as plain addresses: a call would otherwise count itself in and out of
 * each segment's scope, which costs more than a short kernel when many threads share a weight; {@link NativeMemory} checks
 * instead that the scope is alive, and the owner keeps it so.
 */
record CpuBindings(
        MethodHandle gemmF32,
        MethodHandle gemmBf16,
        MethodHandle gemmInt8,
        MethodHandle roundToBf16,
        MethodHandle quantizeRows,
        MethodHandle quantizeRowsBy,
        MethodHandle attendHeads,
        MethodHandle swiGlu,
        MethodHandle rmsNormRow,
        MethodHandle addScaled,
        MethodHandle rotateHeads,
        MethodHandle argmaxRow,
        MethodHandle sumExpRow) {
    private static final MemoryLayout POINTER = JAVA_LONG;
    private static final MemoryLayout INT = JAVA_INT;
    private static final MemoryLayout LONG = JAVA_LONG;
    private static final MemoryLayout FLOAT = JAVA_FLOAT;

    /** Binds the kernels whose symbols begin with {@code pangu_<set>_}. */
    static CpuBindings of(NativeSymbols symbols, String set) {
        String prefix = "pangu_" + set + "_";
        return new CpuBindings(
                symbols.function(prefix + "gemm_f32", gemm(3)),
                symbols.function(prefix + "gemm_bf16", gemm(3)),
                symbols.function(prefix + "gemm_int8", gemm(7)),
                symbols.function(prefix + "round_to_bf16", FunctionDescriptor.ofVoid(POINTER, POINTER, LONG)),
                symbols.function(
                        prefix + "quantize_rows", FunctionDescriptor.ofVoid(POINTER, INT, INT, POINTER, INT, POINTER)),
                symbols.function(
                        prefix + "quantize_rows_by",
                        FunctionDescriptor.ofVoid(POINTER, INT, INT, FLOAT, FLOAT, POINTER, INT, POINTER)),
                symbols.function(
                        prefix + "attend_heads",
                        FunctionDescriptor.ofVoid(
                                POINTER, INT, POINTER, POINTER, POINTER, INT, INT, INT, INT, INT, FLOAT, POINTER)),
                symbols.function(prefix + "swi_glu", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, INT)),
                symbols.function(
                        prefix + "rms_norm_row", FunctionDescriptor.ofVoid(POINTER, POINTER, FLOAT, POINTER, INT)),
                symbols.function(prefix + "add_scaled", FunctionDescriptor.ofVoid(POINTER, FLOAT, POINTER, INT)),
                symbols.function(
                        prefix + "rotate_heads", FunctionDescriptor.ofVoid(POINTER, INT, INT, POINTER, POINTER)),
                symbols.function(prefix + "argmax_row", FunctionDescriptor.of(INT, POINTER, INT)),
                symbols.function(prefix + "sum_exp_row", FunctionDescriptor.of(FLOAT, POINTER, INT, FLOAT)));
    }

    /** Some pointers, then m, n, kPadded, yStride, firstBlock, endBlock. */
    private static FunctionDescriptor gemm(int numPointers) {
        FunctionDescriptor descriptor = FunctionDescriptor.ofVoid();
        for (int i = 0; i < numPointers; i++) {
            descriptor = descriptor.appendArgumentLayouts(POINTER);
        }
        return descriptor.appendArgumentLayouts(INT, INT, INT, INT, INT, INT);
    }
}
