package io.pangu.runtime.backend.cann.ffi;

import java.lang.invoke.MethodHandle;

/** First phases of operators with eight to eleven arguments, one overload for each type that one has. */
final class WideOperatorCalls {
    private static final MethodHandle JJJJJJJJ = OperatorTable.sizing("JJJJJJJJ");
    private static final MethodHandle JJJJZJJJ = OperatorTable.sizing("JJJJZJJJ");
    private static final MethodHandle JJJZJIIJ = OperatorTable.sizing("JJJZJIIJ");
    private static final MethodHandle JJJJDZJJJ = OperatorTable.sizing("JJJJDZJJJ");
    private static final MethodHandle JJJJJJJJJ = OperatorTable.sizing("JJJJJJJJJ");
    private static final MethodHandle JJJJJJZJJ = OperatorTable.sizing("JJJJJJZJJ");
    private static final MethodHandle JJJJJJZZJ = OperatorTable.sizing("JJJJJJZZJ");
    private static final MethodHandle JJJJJJJJJJ = OperatorTable.sizing("JJJJJJJJJJ");
    private static final MethodHandle JJJJJDJJJJJ = OperatorTable.sizing("JJJJJDJJJJJ");
    private static final MethodHandle JJJJJJJZJJJ = OperatorTable.sizing("JJJJJJJZJJJ");

    private final OperatorTable table;

    WideOperatorCalls(OperatorTable table) {
        this.table = table;
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d, long e, long f, long g, long h) {
        try {
            plan.sized(table, op, (int) JJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJ), a, b, c, d, e, f, g, h, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d, boolean e, long f, long g, long h) {
        try {
            plan.sized(table, op, (int) JJJJZJJJ.invokeExact(
                    table.sizing(op, JJJJZJJJ), a, b, c, d, e, f, g, h, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, boolean d, long e, int f, int g, long h) {
        try {
            plan.sized(table, op, (int) JJJZJIIJ.invokeExact(
                    table.sizing(op, JJJZJIIJ), a, b, c, d, e, f, g, h, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(
            OpPlan plan,
            AclnnOperator op,
            long a,
            long b,
            long c,
            long d,
            double e,
            boolean f,
            long g,
            long h,
            long i) {
        try {
            plan.sized(table, op, (int) JJJJDZJJJ.invokeExact(
                    table.sizing(op, JJJJDZJJJ), a, b, c, d, e, f, g, h, i, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d, long e, long f, long g, long h, long i) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJ), a, b, c, d, e, f, g, h, i, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(
            OpPlan plan, AclnnOperator op, long a, long b, long c, long d, long e, long f, boolean g, long h, long i) {
        try {
            plan.sized(table, op, (int) JJJJJJZJJ.invokeExact(
                    table.sizing(op, JJJJJJZJJ), a, b, c, d, e, f, g, h, i, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(
            OpPlan plan,
            AclnnOperator op,
            long a,
            long b,
            long c,
            long d,
            long e,
            long f,
            boolean g,
            boolean h,
            long i) {
        try {
            plan.sized(table, op, (int) JJJJJJZZJ.invokeExact(
                    table.sizing(op, JJJJJJZZJ), a, b, c, d, e, f, g, h, i, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(
            OpPlan plan,
            AclnnOperator op,
            long a,
            long b,
            long c,
            long d,
            long e,
            long f,
            long g,
            long h,
            long i,
            long j) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJJ), a, b, c, d, e, f, g, h, i, j, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(
            OpPlan plan,
            AclnnOperator op,
            long a,
            long b,
            long c,
            long d,
            long e,
            double f,
            long g,
            long h,
            long i,
            long j,
            long k) {
        try {
            plan.sized(table, op, (int) JJJJJDJJJJJ.invokeExact(
                    table.sizing(op, JJJJJDJJJJJ),
                    a,
                    b,
                    c,
                    d,
                    e,
                    f,
                    g,
                    h,
                    i,
                    j,
                    k,
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(
            OpPlan plan,
            AclnnOperator op,
            long a,
            long b,
            long c,
            long d,
            long e,
            long f,
            long g,
            boolean h,
            long i,
            long j,
            long k) {
        try {
            plan.sized(table, op, (int) JJJJJJJZJJJ.invokeExact(
                    table.sizing(op, JJJJJJJZJJJ),
                    a,
                    b,
                    c,
                    d,
                    e,
                    f,
                    g,
                    h,
                    i,
                    j,
                    k,
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }
}
