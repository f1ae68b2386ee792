package io.pangu.runtime.backend.cann.ffi;

import java.lang.invoke.MethodHandle;

/** First phases of operators with twelve arguments and more, one overload for each type that one has. */
final class WidestOperatorCalls {
    private static final MethodHandle JJJJJJJJJJJJ = OperatorTable.sizing("JJJJJJJJJJJJ");
    private static final MethodHandle JJJJJJJZJJJJ = OperatorTable.sizing("JJJJJJJZJJJJ");
    private static final MethodHandle JJJJJJJJDZJJJ = OperatorTable.sizing("JJJJJJJJDZJJJ");
    private static final MethodHandle JJJJJJJJJZZJJ = OperatorTable.sizing("JJJJJJJJJZZJJ");
    private static final MethodHandle JJJJJJJJJZJJJJJJ = OperatorTable.sizing("JJJJJJJJJZJJJJJJ");
    private static final MethodHandle JJJJJJJJJZJJJJJJJ = OperatorTable.sizing("JJJJJJJJJZJJJJJJJ");
    private static final MethodHandle JJJJJJJJJJJJJJJJJJJ = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJ");
    private static final MethodHandle JJJJJJJJJJJJJJJJJJJJ = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJJ");
    private static final MethodHandle JJJJJJJJJJJJJJJJJJJJJ = OperatorTable.sizing("JJJJJJJJJJJJJJJJJJJJJ");

    private final OperatorTable table;

    WidestOperatorCalls(OperatorTable table) {
        this.table = table;
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
            long j,
            long k,
            long l) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJJJJ),
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
                    l,
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
            long k,
            long l) {
        try {
            plan.sized(table, op, (int) JJJJJJJZJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJZJJJJ),
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
                    l,
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
            long h,
            double i,
            boolean j,
            long k,
            long l,
            long m) {
        try {
            plan.sized(table, op, (int) JJJJJJJJDZJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJDZJJJ),
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
                    l,
                    m,
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
            long h,
            long i,
            boolean j,
            boolean k,
            long l,
            long m) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJZZJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJZZJJ),
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
                    l,
                    m,
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
            long h,
            long i,
            boolean j,
            long k,
            long l,
            long m,
            long n,
            long o,
            long p) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJZJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJZJJJJJJ),
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
                    l,
                    m,
                    n,
                    o,
                    p,
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
            long h,
            long i,
            boolean j,
            long k,
            long l,
            long m,
            long n,
            long o,
            long p,
            long q) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJZJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJZJJJJJJJ),
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
                    l,
                    m,
                    n,
                    o,
                    p,
                    q,
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
            long h,
            long i,
            long j,
            long k,
            long l,
            long m,
            long n,
            long o,
            long p,
            long q,
            long r,
            long s) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJJJJJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJJJJJJJJJJJ),
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
                    l,
                    m,
                    n,
                    o,
                    p,
                    q,
                    r,
                    s,
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
            long h,
            long i,
            long j,
            long k,
            long l,
            long m,
            long n,
            long o,
            long p,
            long q,
            long r,
            long s,
            long t) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJJJJJJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJJJJJJJJJJJJ),
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
                    l,
                    m,
                    n,
                    o,
                    p,
                    q,
                    r,
                    s,
                    t,
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
            long h,
            long i,
            long j,
            long k,
            long l,
            long m,
            long n,
            long o,
            long p,
            long q,
            long r,
            long s,
            long t,
            long u) {
        try {
            plan.sized(table, op, (int) JJJJJJJJJJJJJJJJJJJJJ.invokeExact(
                    table.sizing(op, JJJJJJJJJJJJJJJJJJJJJ),
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
                    l,
                    m,
                    n,
                    o,
                    p,
                    q,
                    r,
                    s,
                    t,
                    u,
                    plan.sizeOut(),
                    plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }
}
