package io.pangu.runtime.backend.cann.ffi;

import java.lang.invoke.MethodHandle;

/**
 * Calls of the collective communication library, one overload for each type that only its functions have; {@link Downcalls} has
 * the others.
 */
final class CollectiveDowncalls {
    private static final MethodHandle IJIJ = Signature.of("I:IJIJ").link();
    private static final MethodHandle JIJJ = Signature.of("I:JIJJ").link();
    private static final MethodHandle IJIJJ = Signature.of("I:IJIJJ").link();
    private static final MethodHandle JJIIJJ = Signature.of("I:JJIIJJ").link();
    private static final MethodHandle JJJIJJ = Signature.of("I:JJJIJJ").link();
    private static final MethodHandle JJJIIJJ = Signature.of("I:JJJIIJJ").link();
    private static final MethodHandle JJIJJIJJ = Signature.of("I:JJIJJIJJ").link();
    private static final MethodHandle JJJIIIJJ = Signature.of("I:JJJIIIJJ").link();
    private static final MethodHandle JJJJJIJJ = Signature.of("I:JJJJJIJJ").link();
    private static final MethodHandle JJJJJIIJJ = Signature.of("I:JJJJJIIJJ").link();
    private static final MethodHandle JJJIJJJIJJ = Signature.of("I:JJJIJJJIJJ").link();

    private CollectiveDowncalls() {}

    static int call(FunctionTable table, CannFunction function, int a, long b, int c, long d) {
        try {
            return (int) IJIJ.invokeExact(table.address(function, IJIJ), a, b, c, d);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, int b, long c, long d) {
        try {
            return (int) JIJJ.invokeExact(table.address(function, JIJJ), a, b, c, d);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, int a, long b, int c, long d, long e) {
        try {
            return (int) IJIJJ.invokeExact(table.address(function, IJIJJ), a, b, c, d, e);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, int c, int d, long e, long f) {
        try {
            return (int) JJIIJJ.invokeExact(table.address(function, JJIIJJ), a, b, c, d, e, f);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, int d, long e, long f) {
        try {
            return (int) JJJIJJ.invokeExact(table.address(function, JJJIJJ), a, b, c, d, e, f);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, int d, int e, long f, long g) {
        try {
            return (int) JJJIIJJ.invokeExact(table.address(function, JJJIIJJ), a, b, c, d, e, f, g);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(
            FunctionTable table, CannFunction function, long a, long b, int c, long d, long e, int f, long g, long h) {
        try {
            return (int) JJIJJIJJ.invokeExact(table.address(function, JJIJJIJJ), a, b, c, d, e, f, g, h);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(
            FunctionTable table, CannFunction function, long a, long b, long c, int d, int e, int f, long g, long h) {
        try {
            return (int) JJJIIIJJ.invokeExact(table.address(function, JJJIIIJJ), a, b, c, d, e, f, g, h);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(
            FunctionTable table, CannFunction function, long a, long b, long c, long d, long e, int f, long g, long h) {
        try {
            return (int) JJJJJIJJ.invokeExact(table.address(function, JJJJJIJJ), a, b, c, d, e, f, g, h);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(
            FunctionTable table,
            CannFunction function,
            long a,
            long b,
            long c,
            long d,
            long e,
            int f,
            int g,
            long h,
            long i) {
        try {
            return (int) JJJJJIIJJ.invokeExact(table.address(function, JJJJJIIJJ), a, b, c, d, e, f, g, h, i);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(
            FunctionTable table,
            CannFunction function,
            long a,
            long b,
            long c,
            int d,
            long e,
            long f,
            long g,
            int h,
            long i,
            long j) {
        try {
            return (int) JJJIJJJIJJ.invokeExact(table.address(function, JJJIJJJIJJ), a, b, c, d, e, f, g, h, i, j);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }
}
