package io.pangu.runtime.backend.cann.ffi;

import java.lang.invoke.MethodHandle;

/**
 * Calls of the runtime and of descriptors, one overload for each type that a function of theirs has. Each handle is a constant to
 * the compiler; the address is looked up in the table.
 */
final class Downcalls {
    private static final MethodHandle NOTHING = Signature.of("I:").link();
    private static final MethodHandle I = Signature.of("I:I").link();
    private static final MethodHandle J = Signature.of("I:J").link();
    private static final MethodHandle II = Signature.of("I:II").link();
    private static final MethodHandle IJ = Signature.of("I:IJ").link();
    private static final MethodHandle JI = Signature.of("I:JI").link();
    private static final MethodHandle JJ = Signature.of("I:JJ").link();
    private static final MethodHandle IIJ = Signature.of("I:IIJ").link();
    private static final MethodHandle IJJ = Signature.of("I:IJJ").link();
    private static final MethodHandle JII = Signature.of("I:JII").link();
    private static final MethodHandle JIJ = Signature.of("I:JIJ").link();
    private static final MethodHandle JJI = Signature.of("I:JJI").link();
    private static final MethodHandle JJJ = Signature.of("I:JJJ").link();
    private static final MethodHandle JJIJ = Signature.of("I:JJIJ").link();
    private static final MethodHandle JJJJ = Signature.of("I:JJJJ").link();
    private static final MethodHandle JJIJJ = Signature.of("I:JJIJJ").link();
    private static final MethodHandle JJJJI = Signature.of("I:JJJJI").link();
    private static final MethodHandle JJJJJ = Signature.of("I:JJJJJ").link();
    private static final MethodHandle JJJJIJ = Signature.of("I:JJJJIJ").link();
    private static final MethodHandle JJJJJJI = Signature.of("I:JJJJJJI").link();
    private static final MethodHandle JJJJJJIJ = Signature.of("I:JJJJJJIJ").link();
    private static final MethodHandle JJJIJJIJJJ = Signature.of("I:JJJIJJIJJJ").link();
    private static final MethodHandle ADDRESS_OF_NOTHING = Signature.of("J:").link();
    private static final MethodHandle ADDRESS_OF_I = Signature.of("J:I").link();
    private static final MethodHandle ADDRESS_OF_JI = Signature.of("J:JI").link();
    private static final MethodHandle ADDRESS_OF_JJ = Signature.of("J:JJ").link();
    private static final MethodHandle ADDRESS_OF_JJIJJIJJJ =
            Signature.of("J:JJIJJIJJJ").link();

    private Downcalls() {}

    static int call(FunctionTable table, CannFunction function) {
        try {
            return (int) NOTHING.invokeExact(table.address(function, NOTHING));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, int a) {
        try {
            return (int) I.invokeExact(table.address(function, I), a);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a) {
        try {
            return (int) J.invokeExact(table.address(function, J), a);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, int a, int b) {
        try {
            return (int) II.invokeExact(table.address(function, II), a, b);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, int a, long b) {
        try {
            return (int) IJ.invokeExact(table.address(function, IJ), a, b);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, int b) {
        try {
            return (int) JI.invokeExact(table.address(function, JI), a, b);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b) {
        try {
            return (int) JJ.invokeExact(table.address(function, JJ), a, b);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, int a, int b, long c) {
        try {
            return (int) IIJ.invokeExact(table.address(function, IIJ), a, b, c);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, int a, long b, long c) {
        try {
            return (int) IJJ.invokeExact(table.address(function, IJJ), a, b, c);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, int b, int c) {
        try {
            return (int) JII.invokeExact(table.address(function, JII), a, b, c);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, int b, long c) {
        try {
            return (int) JIJ.invokeExact(table.address(function, JIJ), a, b, c);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, int c) {
        try {
            return (int) JJI.invokeExact(table.address(function, JJI), a, b, c);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c) {
        try {
            return (int) JJJ.invokeExact(table.address(function, JJJ), a, b, c);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, int c, long d) {
        try {
            return (int) JJIJ.invokeExact(table.address(function, JJIJ), a, b, c, d);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, long d) {
        try {
            return (int) JJJJ.invokeExact(table.address(function, JJJJ), a, b, c, d);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, int c, long d, long e) {
        try {
            return (int) JJIJJ.invokeExact(table.address(function, JJIJJ), a, b, c, d, e);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, long d, int e) {
        try {
            return (int) JJJJI.invokeExact(table.address(function, JJJJI), a, b, c, d, e);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, long d, long e) {
        try {
            return (int) JJJJJ.invokeExact(table.address(function, JJJJJ), a, b, c, d, e);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, long d, int e, long f) {
        try {
            return (int) JJJJIJ.invokeExact(table.address(function, JJJJIJ), a, b, c, d, e, f);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(FunctionTable table, CannFunction function, long a, long b, long c, long d, long e, long f, int g) {
        try {
            return (int) JJJJJJI.invokeExact(table.address(function, JJJJJJI), a, b, c, d, e, f, g);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static int call(
            FunctionTable table, CannFunction function, long a, long b, long c, long d, long e, long f, int g, long h) {
        try {
            return (int) JJJJJJIJ.invokeExact(table.address(function, JJJJJJIJ), a, b, c, d, e, f, g, h);
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
            int g,
            long h,
            long i,
            long j) {
        try {
            return (int) JJJIJJIJJJ.invokeExact(table.address(function, JJJIJJIJJJ), a, b, c, d, e, f, g, h, i, j);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static long address(FunctionTable table, CannFunction function) {
        try {
            return (long) ADDRESS_OF_NOTHING.invokeExact(table.address(function, ADDRESS_OF_NOTHING));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static long address(FunctionTable table, CannFunction function, int a) {
        try {
            return (long) ADDRESS_OF_I.invokeExact(table.address(function, ADDRESS_OF_I), a);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static long address(FunctionTable table, CannFunction function, long a, int b) {
        try {
            return (long) ADDRESS_OF_JI.invokeExact(table.address(function, ADDRESS_OF_JI), a, b);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static long address(FunctionTable table, CannFunction function, long a, long b) {
        try {
            return (long) ADDRESS_OF_JJ.invokeExact(table.address(function, ADDRESS_OF_JJ), a, b);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }

    static long address(
            FunctionTable table,
            CannFunction function,
            long a,
            long b,
            int c,
            long d,
            long e,
            int f,
            long g,
            long h,
            long i) {
        try {
            return (long) ADDRESS_OF_JJIJJIJJJ.invokeExact(
                    table.address(function, ADDRESS_OF_JJIJJIJJJ), a, b, c, d, e, f, g, h, i);
        } catch (Throwable failure) {
            throw StatusReader.unexpected(function.cName(), failure);
        }
    }
}
