package io.pangu.runtime.doctor;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to examine.
 *
 * @param backend {@code cann} or {@code cpu}
 * @param devices logical ids; empty for all that this process sees
 * @param model a checkpoint that is to run
 * @param runsProbes whether operators, collectives, graphs and copies are tried out
 * @param limit longest wait for a step
 */
record DoctorSettings(String backend, List<Integer> devices, Optional<Path> model, boolean runsProbes, Duration limit) {
    DoctorSettings {
        devices = List.copyOf(devices);
    }

    /** The limit for waits inside CANN: they end before the step that they are in is given up. */
    int waitMillis() {
        return Math.clamp(limit.toMillis() / 2, 1, Integer.MAX_VALUE);
    }
}
