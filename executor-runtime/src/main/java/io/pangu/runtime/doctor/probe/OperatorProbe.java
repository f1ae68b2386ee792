package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import java.util.Optional;

/** One operator on tiny inputs whose result is known. Stateless. */
public final class OperatorProbe {
    private final AclnnOperator operator;
    private final Program program;

    /** Puts inputs on the device, runs the operator and holds its results against what they should be. */
    @FunctionalInterface
    interface Program {
        void run(ProbeDevice device);
    }

    OperatorProbe(AclnnOperator operator, Program program) {
        this.operator = operator;
        this.program = program;
    }

    /** How a probe came out. */
    public enum Outcome {
        /** The results are right. */
        RIGHT,
        /** The operator ran and its results are wrong. */
        WRONG,
        /** It could not be planned, launched or waited for. */
        FAILED,
        /** This CANN does not have it. */
        ABSENT
    }

    /**
     * What came of a probe.
     *
     * @param maxError the furthest that any result was off, or that the first wrong one was
     * @param message what is wrong; empty when nothing is
     * @param code the status of the call that failed
     * @param isDeviceLost whether the device cannot be used any further
     */
    public record Result(
            AclnnOperator operator,
            Outcome outcome,
            double maxError,
            String message,
            Optional<Integer> code,
            boolean isDeviceLost) {}

    public AclnnOperator operator() {
        return operator;
    }

    /**
     * Runs it; called by the thread that has set the device. Whatever the operator does is in the result, and nothing stays
     * on the device.
     *
     * @param stream where the operator is put
     * @param floats the element type in which the engine computes on this kind of NPU
     * @param timeoutMillis longest wait for the stream
     */
    public Result run(CannBindings cann, Acl.Stream stream, AclDataType floats, int timeoutMillis) {
        Optional<String> lack = cann.ops().lack(operator);
        if (lack.isPresent()) {
            return new Result(operator, Outcome.ABSENT, 0, lack.get(), Optional.empty(), false);
        }
        try (ProbeDevice device = new ProbeDevice(cann, stream, floats, timeoutMillis)) {
            program.run(device);
            return new Result(operator, Outcome.RIGHT, device.largestError(), "", Optional.empty(), false);
        } catch (ProbeMismatch e) {
            return new Result(
                    operator, Outcome.WRONG, e.error(), String.valueOf(e.getMessage()), Optional.empty(), false);
        } catch (CannException e) {
            return failed(e);
        }
    }

    private Result failed(CannException e) {
        boolean isDeviceLost = e.kind() == StatusKind.DEVICE_LOST || e.kind() == StatusKind.TIMEOUT;
        return new Result(
                operator,
                Outcome.FAILED,
                0,
                String.valueOf(e.getMessage()),
                e.status().map(status -> status.code()),
                isDeviceLost);
    }
}
