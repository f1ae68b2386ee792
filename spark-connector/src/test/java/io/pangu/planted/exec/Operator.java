package io.pangu.planted.exec;

/** What the planted offender must not import. */
public final class Operator {
    private Operator() {}

    /** Something to call. */
    public static String name() {
        return "operator";
    }
}
