package io.pangu.runtime.doctor;

import java.util.ArrayList;
import java.util.List;

/** Findings of one kind, in the order in which they were made. */
final class Section {
    private final String title;
    private final List<Finding> findings = new ArrayList<>();

    Section(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    List<Finding> findings() {
        return List.copyOf(findings);
    }

    Section add(Finding finding) {
        findings.add(finding);
        return this;
    }

    boolean hasFailed() {
        return findings.stream().anyMatch(finding -> finding.level() == Finding.Level.FAIL);
    }
}
