package io.pangu.runtime.doctor;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All that was found, and what it means. Filled section by section; belongs to one thread. */
final class Report {
    /** Raised when a reader of the JSON form would have to change. */
    static final int SCHEMA_VERSION = 1;

    private final String backend;
    private final Instant start;
    private final List<Section> sections = new ArrayList<>();

    /**
     * Nothing found yet.
     *
     * @param backend what was examined, {@code cann} or {@code cpu}
     * @param start when
     */
    Report(String backend, Instant start) {
        this.backend = backend;
        this.start = start;
    }

    Section section(String title) {
        Section section = new Section(title);
        sections.add(section);
        return section;
    }

    String backend() {
        return backend;
    }

    Instant start() {
        return start;
    }

    List<Section> sections() {
        return List.copyOf(sections);
    }

    long count(Finding.Level level) {
        return sections.stream()
                .flatMap(section -> section.findings().stream())
                .filter(finding -> finding.level() == level)
                .count();
    }

    /** What keeps the engine from running; empty when it can run. */
    Optional<Finding> obstacle() {
        return sections.stream()
                .flatMap(section -> section.findings().stream())
                .filter(finding -> finding.level() == Finding.Level.FAIL)
                .findFirst();
    }

    boolean canRun() {
        return obstacle().isEmpty();
    }

    /** One line: whether the engine can run, or why not and what to do. */
    String verdict() {
        String name = backend.equals("cann") ? "NPUs" : "the CPU";
        return obstacle()
                .map(finding -> "cannot run on " + name + ", because of " + finding.subject() + ": " + finding.found()
                        + (finding.remedy().isEmpty() ? "" : ". To mend it: " + finding.remedy()))
                .orElseGet(() -> "can run on " + name + warnings(count(Finding.Level.WARN)));
    }

    private static String warnings(long count) {
        if (count == 0) {
            return "";
        }
        return count == 1 ? "; a finding above is worth a look" : "; " + count + " findings above are worth a look";
    }
}
