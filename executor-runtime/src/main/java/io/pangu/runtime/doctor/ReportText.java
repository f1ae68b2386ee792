package io.pangu.runtime.doctor;

import java.util.ArrayList;
import java.util.List;

/** A report for people: aligned, within 100 columns. */
final class ReportText {
    private static final int COLUMNS = 100;
    private static final int SUBJECT = 20;
    private static final int INDENT = 2 + 4 + 2 + SUBJECT + 1;

    private final boolean hasColours;
    private final boolean isVerbose;

    /**
     * How to write.
     *
     * @param hasColours for terminals
     * @param isVerbose whether details are shown
     */
    ReportText(boolean hasColours, boolean isVerbose) {
        this.hasColours = hasColours;
        this.isVerbose = isVerbose;
    }

    /** One section: its title and a block for each finding; empty when there is nothing to show. */
    String section(Section section) {
        StringBuilder text = new StringBuilder();
        for (Finding finding : section.findings()) {
            if (isVerbose || !finding.isDetail()) {
                text.append(finding(finding));
            }
        }
        return text.isEmpty() ? "" : "\n" + section.title() + "\n" + text;
    }

    /** The last line. */
    String verdict(Report report) {
        Finding.Level level = report.canRun() ? Finding.Level.OK : Finding.Level.FAIL;
        StringBuilder text = new StringBuilder("\n");
        List<String> lines = wrap("pangu " + report.verdict(), COLUMNS - 6);
        for (int i = 0; i < lines.size(); i++) {
            text.append(i == 0 ? coloured(level, padded(level.name(), 6)) : " ".repeat(6))
                    .append(lines.get(i))
                    .append('\n');
        }
        return text.toString();
    }

    private String finding(Finding finding) {
        StringBuilder text = new StringBuilder("  ")
                .append(coloured(finding.level(), padded(finding.level().name(), 4)))
                .append("  ")
                .append(padded(finding.subject(), SUBJECT));
        List<String> lines = wrap(finding.found(), COLUMNS - INDENT);
        if (finding.subject().length() > SUBJECT) {
            text.append('\n').append(" ".repeat(INDENT - 1));
        }
        for (int i = 0; i < lines.size(); i++) {
            text.append(i == 0 ? " " : " ".repeat(INDENT)).append(lines.get(i)).append('\n');
        }
        if (!finding.remedy().isEmpty()) {
            List<String> remedy = wrap("-> " + finding.remedy(), COLUMNS - INDENT);
            remedy.forEach(line -> text.append(" ".repeat(INDENT)).append(line).append('\n'));
        }
        return text.toString();
    }

    private String coloured(Finding.Level level, String text) {
        if (!hasColours) {
            return text;
        }
        int colour = switch (level) {
            case OK -> 32;
            case WARN -> 33;
            case FAIL -> 31;
        };
        return "\u001b[" + colour + "m" + text + "\u001b[0m";
    }

    private static String padded(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }

    /** Lines of at most so many characters, broken at blanks, or within words that are longer. */
    static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        String rest = text.replaceAll("\\s+", " ").strip();
        while (rest.length() > width) {
            int end = rest.lastIndexOf(' ', width);
            if (end <= 0) {
                lines.add(rest.substring(0, width));
                rest = rest.substring(width);
            } else {
                lines.add(rest.substring(0, end));
                rest = rest.substring(end + 1);
            }
        }
        lines.add(rest);
        return lines;
    }
}
