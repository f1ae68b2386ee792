package io.pangu.runtime.backend.cann.ffi;

import java.lang.invoke.MethodHandle;

/** First phases of operators with up to seven arguments, one overload for each type that one has. */
final class OperatorCalls {
    private static final MethodHandle J = OperatorTable.sizing("J");
    private static final MethodHandle JJ = OperatorTable.sizing("JJ");
    private static final MethodHandle JIJ = OperatorTable.sizing("JIJ");
    private static final MethodHandle JJJ = OperatorTable.sizing("JJJ");
    private static final MethodHandle JJJB = OperatorTable.sizing("JJJB");
    private static final MethodHandle JJJJ = OperatorTable.sizing("JJJJ");
    private static final MethodHandle JJZJ = OperatorTable.sizing("JJZJ");
    private static final MethodHandle JJDJJ = OperatorTable.sizing("JJDJJ");
    private static final MethodHandle JJJDJ = OperatorTable.sizing("JJJDJ");
    private static final MethodHandle JJJJJ = OperatorTable.sizing("JJJJJ");
    private static final MethodHandle JJZIJ = OperatorTable.sizing("JJZIJ");
    private static final MethodHandle JJZJJ = OperatorTable.sizing("JJZJJ");
    private static final MethodHandle JJJJJJ = OperatorTable.sizing("JJJJJJ");
    private static final MethodHandle JJJZIJ = OperatorTable.sizing("JJJZIJ");
    private static final MethodHandle JJJZJJ = OperatorTable.sizing("JJJZJJ");
    private static final MethodHandle JJZJJJ = OperatorTable.sizing("JJZJJJ");
    private static final MethodHandle JZJZJJ = OperatorTable.sizing("JZJZJJ");
    private static final MethodHandle JJJDJJJ = OperatorTable.sizing("JJJDJJJ");
    private static final MethodHandle JJJJJJB = OperatorTable.sizing("JJJJJJB");
    private static final MethodHandle JJJZJIJ = OperatorTable.sizing("JJJZJIJ");
    private static final MethodHandle JJJZZJJ = OperatorTable.sizing("JJJZZJJ");

    private final OperatorTable table;

    OperatorCalls(OperatorTable table) {
        this.table = table;
    }

    void size(OpPlan plan, AclnnOperator op, long a) {
        try {
            plan.sized(table, op, (int) J.invokeExact(table.sizing(op, J), a, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b) {
        try {
            plan.sized(table, op, (int) JJ.invokeExact(table.sizing(op, JJ), a, b, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, int b, long c) {
        try {
            plan.sized(table, op, (int)
                    JIJ.invokeExact(table.sizing(op, JIJ), a, b, c, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c) {
        try {
            plan.sized(table, op, (int)
                    JJJ.invokeExact(table.sizing(op, JJJ), a, b, c, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, byte d) {
        try {
            plan.sized(table, op, (int)
                    JJJB.invokeExact(table.sizing(op, JJJB), a, b, c, d, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d) {
        try {
            plan.sized(table, op, (int)
                    JJJJ.invokeExact(table.sizing(op, JJJJ), a, b, c, d, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, boolean c, long d) {
        try {
            plan.sized(table, op, (int)
                    JJZJ.invokeExact(table.sizing(op, JJZJ), a, b, c, d, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, double c, long d, long e) {
        try {
            plan.sized(table, op, (int)
                    JJDJJ.invokeExact(table.sizing(op, JJDJJ), a, b, c, d, e, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, double d, long e) {
        try {
            plan.sized(table, op, (int)
                    JJJDJ.invokeExact(table.sizing(op, JJJDJ), a, b, c, d, e, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d, long e) {
        try {
            plan.sized(table, op, (int)
                    JJJJJ.invokeExact(table.sizing(op, JJJJJ), a, b, c, d, e, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, boolean c, int d, long e) {
        try {
            plan.sized(table, op, (int)
                    JJZIJ.invokeExact(table.sizing(op, JJZIJ), a, b, c, d, e, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, boolean c, long d, long e) {
        try {
            plan.sized(table, op, (int)
                    JJZJJ.invokeExact(table.sizing(op, JJZJJ), a, b, c, d, e, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d, long e, long f) {
        try {
            plan.sized(table, op, (int)
                    JJJJJJ.invokeExact(table.sizing(op, JJJJJJ), a, b, c, d, e, f, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, boolean d, int e, long f) {
        try {
            plan.sized(table, op, (int)
                    JJJZIJ.invokeExact(table.sizing(op, JJJZIJ), a, b, c, d, e, f, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, boolean d, long e, long f) {
        try {
            plan.sized(table, op, (int)
                    JJJZJJ.invokeExact(table.sizing(op, JJJZJJ), a, b, c, d, e, f, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, boolean c, long d, long e, long f) {
        try {
            plan.sized(table, op, (int)
                    JJZJJJ.invokeExact(table.sizing(op, JJZJJJ), a, b, c, d, e, f, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, boolean b, long c, boolean d, long e, long f) {
        try {
            plan.sized(table, op, (int)
                    JZJZJJ.invokeExact(table.sizing(op, JZJZJJ), a, b, c, d, e, f, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, double d, long e, long f, long g) {
        try {
            plan.sized(table, op, (int) JJJDJJJ.invokeExact(
                    table.sizing(op, JJJDJJJ), a, b, c, d, e, f, g, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, long d, long e, long f, byte g) {
        try {
            plan.sized(table, op, (int) JJJJJJB.invokeExact(
                    table.sizing(op, JJJJJJB), a, b, c, d, e, f, g, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, boolean d, long e, int f, long g) {
        try {
            plan.sized(table, op, (int) JJJZJIJ.invokeExact(
                    table.sizing(op, JJJZJIJ), a, b, c, d, e, f, g, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }

    void size(OpPlan plan, AclnnOperator op, long a, long b, long c, boolean d, boolean e, long f, long g) {
        try {
            plan.sized(table, op, (int) JJJZZJJ.invokeExact(
                    table.sizing(op, JJJZZJJ), a, b, c, d, e, f, g, plan.sizeOut(), plan.executorOut()));
        } catch (Throwable failure) {
            throw StatusReader.unexpected(op.cName(), failure);
        }
    }
}
