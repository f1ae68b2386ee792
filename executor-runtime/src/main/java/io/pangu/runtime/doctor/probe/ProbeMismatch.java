package io.pangu.runtime.doctor.probe;

/** An operator answered, and the answer is wrong. */
final class ProbeMismatch extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final double error;

    /**
     * A wrong answer.
     *
     * @param message which element of what, and what it should be
     * @param error how far it is off
     */
    ProbeMismatch(String message, double error) {
        super(message);
        this.error = error;
    }

    double error() {
        return error;
    }
}
