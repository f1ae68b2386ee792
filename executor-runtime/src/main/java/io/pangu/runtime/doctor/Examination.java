package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.CannEnvironment;
import io.pangu.runtime.backend.cann.CannMachine;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/** Goes through a machine section by section, as far as each lets the next make sense. */
final class Examination {
    private static final long KIB = 1024;

    private final DoctorSettings settings;
    private final CannMachine machine;
    private final Consumer<Section> progress;
    private final Report report;
    private final Demand demand;
    private Optional<DeviceSection.Opened> opened = Optional.empty();

    /**
     * An examination of this machine.
     *
     * @param progress is told each section when it is complete
     */
    Examination(DoctorSettings settings, CannMachine machine, Consumer<Section> progress) {
        this.settings = settings;
        this.machine = machine;
        this.progress = progress;
        this.report = new Report(settings.backend(), Instant.now());
        this.demand = Demand.of(settings.model());
    }

    Report run() {
        if (settings.backend().equals("cpu")) {
            cpu();
        } else {
            cann();
        }
        return report;
    }

    /** A section that is filled and told, also when filling it ends in an error of ours. */
    private Section section(String title, Consumer<Section> filling) {
        Section section = report.section(title);
        try {
            filling.accept(section);
        } catch (RuntimeException e) {
            section.add(
                    Finding.fail("pangu-doctor", "a fault of its own: " + e, "report this with the command's output"));
        }
        progress.accept(section);
        return section;
    }

    private void cpu() {
        section("Machine", new MachineSection(machine)::addSystem);
        section("CPU backend", CpuSection::add);
        settings.model()
                .ifPresent(model -> section(
                        "Model",
                        new ModelSection(model, Math.max(1, settings.devices().size()), availableBytes(), false)::add));
    }

    private long availableBytes() {
        Path file = machine.root().resolve("proc/meminfo");
        try {
            return Files.readString(file, StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> line.startsWith("MemAvailable:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToLong(kib -> Long.parseLong(kib) * KIB)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException e) {
            return Long.MAX_VALUE; // not told here: nothing is claimed about what fits
        }
    }

    private void cann() {
        MachineSection system = new MachineSection(machine);
        section("Machine", section -> {
            system.addSystem(section);
            system.addDriver(section);
        });
        CannEnvironment environment = CannEnvironment.inspect(machine);
        section("Environment", section -> EnvironmentSection.add(section, machine, environment));
        if (!environment.isUsable() || environment.home().isEmpty()) {
            // loading CANN into this process could crash it, or tell nothing
            modelWithoutDevices();
            return;
        }
        CannBindings cann = CannBindings.of(environment.home().get());
        try (StepThread host = new StepThread("host", settings.limit())) {
            if (libraries(cann, host, environment)) {
                devices(cann, host, environment);
            } else {
                modelWithoutDevices();
            }
        }
    }

    private boolean libraries(CannBindings cann, StepThread host, CannEnvironment environment) {
        int numDevices = settings.devices().isEmpty()
                ? environment.visibleDevices().size()
                : settings.devices().size();
        Section section = section("Libraries and operators", filled -> {
            try {
                Section looked = host.run("loading CANN's libraries", () -> {
                    Section inside = new Section("");
                    new LibrarySection(cann, numDevices, demand).add(inside);
                    return inside;
                });
                looked.findings().forEach(filled::add);
            } catch (StepFailure e) {
                filled.add(Finding.fail("libraries", e.words(), "run CANN's set_env.sh before java starts"));
            }
        });
        return !section.hasFailed();
    }

    private void devices(CannBindings cann, StepThread host, CannEnvironment environment) {
        DeviceSection filling = new DeviceSection(cann, settings, environment.visibleDevices());
        section("Devices", section -> opened = filling.add(section, host));
        if (opened.isEmpty()) {
            modelWithoutDevices();
            shutDown(cann, host);
            return;
        }
        DeviceSection.Opened found = opened.get();
        try {
            if (settings.runsProbes()) {
                probe(cann, found);
            }
            settings.model()
                    .map(model -> new ModelSection(model, found.devices().size(), found.freeBytes(), true))
                    .ifPresent(model -> section("Model", model::add));
        } finally {
            boolean isLost = found.devices().stream().anyMatch(OpenDevice::isLost);
            giveBack(found);
            if (!isLost) {
                shutDown(cann, host);
            }
        }
    }

    private void probe(CannBindings cann, DeviceSection.Opened found) {
        OpenDevice first = found.devices().getFirst();
        section(
                "Operators",
                section -> new OperatorSection(cann, found.model().floats(), demand).add(section, found.devices()));
        section("Collectives", section -> CollectiveSection.add(section, cann, found.devices()));
        section("Graphs", section -> {
            GraphSection.add(section, cann, first);
            if (found.devices().size() > 1) {
                GraphSection.addCollectives(section, machine);
            }
        });
        section("Speed", section -> SpeedSection.add(section, found.model().floats(), first));
    }

    private void giveBack(DeviceSection.Opened found) {
        for (OpenDevice device : found.devices()) {
            try {
                device.close();
            } catch (StepFailure e) {
                section(
                        "End",
                        section -> section.add(Finding.warn(
                                "NPU " + device.id(),
                                "could not be given back: " + e.words(),
                                "the driver cleans up when this process ends")));
            }
        }
    }

    private void shutDown(CannBindings cann, StepThread host) {
        try {
            host.run("shutting CANN down", () -> {
                cann.devices().shutDown();
                return true;
            });
        } catch (StepFailure e) {
            section(
                    "End",
                    section -> section.add(
                            Finding.warn("CANN", e.words(), "the driver cleans up when this process ends")));
        }
    }

    /** Whether a checkpoint can be read can be said without a device; whether it fits, not. */
    private void modelWithoutDevices() {
        settings.model()
                .ifPresent(model -> section(
                        "Model",
                        new ModelSection(model, Math.max(1, settings.devices().size()), Long.MAX_VALUE, true)::add));
    }
}
