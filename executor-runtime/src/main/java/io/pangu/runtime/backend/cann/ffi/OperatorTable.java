package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Both functions of every operator in one CANN home. Thread-safe. */
final class OperatorTable {
    private static final Map<AclnnOperator, Phase> SIZING = new EnumMap<>(AclnnOperator.class);
    private static final Map<AclnnOperator, Phase> LAUNCH = new EnumMap<>(AclnnOperator.class);

    static {
        for (AclnnOperator op : AclnnOperator.values()) {
            int place = SIZING.size();
            SIZING.put(op, new Phase(op.cName() + "GetWorkspaceSize", "I:" + op.arguments() + "AA", place));
            LAUNCH.put(op, new Phase(op.cName(), "I:AJAA", place));
        }
    }

    private final FunctionTable sizing;
    private final FunctionTable launch;

    OperatorTable(CannLibraries libraries, StatusReader statuses) {
        this.sizing = new FunctionTable(libraries, statuses, SIZING.size());
        this.launch = new FunctionTable(libraries, statuses, LAUNCH.size());
    }

    /** One of an operator's two functions. */
    private record Phase(String cName, String letters, int ordinal) implements CannFunction {}

    /** Both functions of all operators. */
    static List<CannFunction> functions() {
        List<CannFunction> functions = new ArrayList<>(SIZING.values());
        functions.addAll(LAUNCH.values());
        return functions;
    }

    /** The call of first phases with these argument letters. */
    static MethodHandle sizing(String arguments) {
        return Signature.of("I:" + arguments + "AA").link();
    }

    MemorySegment sizing(AclnnOperator op, MethodHandle handle) {
        return sizing.address(of(SIZING, op), handle);
    }

    void checkSizing(AclnnOperator op, int status) {
        if (status != 0) {
            throw sizing.failure(of(SIZING, op), status);
        }
    }

    void launch(AclnnOperator op, long workspace, long workspaceBytes, long executor, long stream) {
        Phase phase = of(LAUNCH, op);
        launch.check(phase, call(launch, phase, workspace, workspaceBytes, executor, stream));
    }

    CannSymbol sizingSymbol(AclnnOperator op) {
        return sizing.symbol(of(SIZING, op));
    }

    CannSymbol launchSymbol(AclnnOperator op) {
        return launch.symbol(of(LAUNCH, op));
    }

    private static Phase of(Map<AclnnOperator, Phase> phases, AclnnOperator op) {
        return Objects.requireNonNull(phases.get(op));
    }
}
