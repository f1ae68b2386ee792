package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.CannEnvironment;
import io.pangu.runtime.backend.cann.CannMachine;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The installation and the variables, as they were when java started. */
final class EnvironmentSection {
    private EnvironmentSection() {}

    static void add(Section section, CannMachine machine, CannEnvironment environment) {
        for (CannEnvironment.Check check : environment.checks()) {
            section.add(finding(check));
        }
        section.add(collectives(machine.environment()));
    }

    /** The checks' words are "found, and how to mend it" with a semicolon between. */
    private static Finding finding(CannEnvironment.Check check) {
        int end = check.words().lastIndexOf("; ");
        String found = end < 0 ? check.words() : check.words().substring(0, end);
        String remedy = end < 0 ? "" : check.words().substring(end + 2);
        return switch (check.verdict()) {
            case GOOD -> Finding.ok(check.subject(), check.words());
            case DOUBTFUL -> Finding.warn(check.subject(), found, remedy);
            case BAD -> Finding.fail(check.subject(), found, remedy);
        };
    }

    private static Finding collectives(Map<String, String> environment) {
        Map<String, String> set = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith("HCCL_")) {
                set.put(name, value);
            }
        });
        Finding finding = Finding.ok(
                "HCCL variables",
                set.isEmpty()
                        ? "none is set: ranks wait 120 s for each other, collectives 1836 s, and each communicator takes"
                                + " 400 MB of every NPU (HCCL_CONNECT_TIMEOUT, HCCL_EXEC_TIMEOUT, HCCL_BUFFSIZE)"
                        : set.entrySet().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .collect(Collectors.joining(", ")));
        for (Map.Entry<String, String> entry : set.entrySet()) {
            finding = finding.with(entry.getKey(), entry.getValue());
        }
        return finding;
    }
}
