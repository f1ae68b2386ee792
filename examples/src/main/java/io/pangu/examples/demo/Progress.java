package io.pangu.examples.demo;

import java.io.Console;

/** Told how far a long piece of work has come. */
@FunctionalInterface
interface Progress {
    /**
     * Called often, with rising figures.
     *
     * @param done bytes so far
     * @param total bytes in all
     */
    void show(long done, long total);

    /** A line on standard error that rewrites itself on a terminal; every quarter on a line of its own elsewhere. */
    @SuppressWarnings("SystemConsoleNull") // Java 25 is back at null where input or output is redirected
    static Progress onStandardError(String what) {
        Console console = System.console();
        boolean isTerminal = console != null && console.isTerminal();
        int step = isTerminal ? 1 : 25;
        int[] shown = {-1};
        return (done, total) -> {
            int percent = (int) Math.min(100, 100 * done / Math.max(1, total)) / step * step;
            if (percent > shown[0]) {
                shown[0] = percent;
                String end = isTerminal && percent < 100 ? "\r" : System.lineSeparator();
                System.err.printf("%s: %d%% of %d MB%s", what, percent, total / 1_000_000, end);
            }
        };
    }
}
