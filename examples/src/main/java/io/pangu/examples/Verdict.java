package io.pangu.examples;

import java.io.PrintStream;
import java.util.List;

/**
 * What came of one demo query.
 *
 * @param query its name
 * @param rows rows that it gave
 * @param wrong a sentence for every row that is not as known; empty where nothing is known
 */
record Verdict(String query, int rows, List<String> wrong) {
    Verdict {
        wrong = List.copyOf(wrong);
    }

    /** Prints every verdict; true when no row is wrong and every query gave rows. */
    static boolean allGood(PrintStream out, Verdict... verdicts) {
        boolean good = true;
        for (Verdict verdict : verdicts) {
            boolean right = verdict.rows > 0 && verdict.wrong.isEmpty();
            good &= right;
            out.printf("%s: %d of %d right%n", verdict.query, verdict.rows - verdict.wrong.size(), verdict.rows);
            verdict.wrong.forEach(sentence -> out.println("  " + sentence));
        }
        return good;
    }
}
