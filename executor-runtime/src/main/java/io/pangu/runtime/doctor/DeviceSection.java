package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.AclDevices;
import io.pangu.runtime.backend.cann.ffi.AclMemory;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The NPUs of this process: how many, of what kind, with how much memory; those that were chosen are opened. */
final class DeviceSection {
    /** Of a device that nobody uses, the driver and the runtime take a few percent. */
    private static final double FREE_WHEN_IDLE = 0.85;

    private final CannBindings cann;
    private final DoctorSettings settings;
    private final List<Integer> deviceFiles;

    /**
     * The section of an installation.
     *
     * @param deviceFiles numbers of the device files that this process may use, in order of logical ids
     */
    DeviceSection(CannBindings cann, DoctorSettings settings, List<Integer> deviceFiles) {
        this.cann = cann;
        this.settings = settings;
        this.deviceFiles = List.copyOf(deviceFiles);
    }

    /**
     * What there is to work with.
     *
     * @param devices opened; the caller closes them
     * @param freeBytes the least that is free on any
     */
    record Opened(NpuModel model, List<OpenDevice> devices, long freeBytes) {}

    /** What the runtime says before a device is opened. */
    private record Seen(int count, String soc, String version) {}

    /** Empty when nothing can be run; why, the section says. */
    Optional<Opened> add(Section section, StepThread host) {
        Seen seen;
        try {
            seen = host.run("starting CANN", this::look);
        } catch (StepFailure e) {
            section.add(Finding.fail(
                    "start",
                    e.words(),
                    "look at npu-smi info, at the driver's version and at the logs in ~/ascend/log"));
            return Optional.empty();
        }
        section.add(Finding.ok("runtime", seen.version).with("version", seen.version));
        Optional<NpuModel> model = NpuModel.of(seen.soc);
        if (seen.count == 0 || model.isEmpty()) {
            section.add(
                    seen.count == 0
                            ? Finding.fail(
                                    "devices",
                                    "the runtime sees none",
                                    "look at npu-smi info and at ASCEND_RT_VISIBLE_DEVICES")
                            : Finding.fail(
                                    "SoC",
                                    "'" + seen.soc + "' is none that the engine has operators for",
                                    "use Ascend910B, Ascend910_93 or Ascend310P, or the backend cpu"));
            return Optional.empty();
        }
        section.add(Finding.ok(
                        "devices",
                        seen.count + " " + seen.soc + ", the engine computes in "
                                + model.get().floats().name().toLowerCase(Locale.ROOT))
                .with("count", seen.count)
                .with("soc", seen.soc)
                .with("floats", model.get().floats().name()));
        return open(section, model.get(), seen.count);
    }

    private Seen look() {
        cann.devices().init(null);
        String version = "";
        try {
            version = cann.devices().version(AclDevices.CannPackage.CANN) + ", ";
        } catch (CannException e) {
            // newer versions are going to leave this function out: the interface's version is told all the same
        }
        var api = cann.devices().apiVersion();
        int count = cann.devices().deviceCount();
        String soc = cann.devices().socName().orElse("");
        return new Seen(count, soc, "CANN " + version + "ACL " + api.major() + "." + api.minor() + "." + api.patch());
    }

    private Optional<Opened> open(Section section, NpuModel model, int count) {
        List<Integer> wanted =
                settings.devices().isEmpty() ? IntStream.range(0, count).boxed().toList() : settings.devices();
        List<Integer> absent = wanted.stream().filter(id -> id >= count).toList();
        if (!absent.isEmpty()) {
            section.add(Finding.fail(
                    "chosen devices",
                    absent + " are not among the " + count + " that this process sees, numbered from 0",
                    "correct --devices or ASCEND_RT_VISIBLE_DEVICES"));
            return Optional.empty();
        }
        List<OpenDevice> devices = new ArrayList<>();
        long free = Long.MAX_VALUE;
        for (int id : wanted) {
            try {
                OpenDevice device = OpenDevice.open(cann, id, settings);
                devices.add(device);
                free = Math.min(free, addMemory(section, model, device));
            } catch (StepFailure e) {
                section.add(Finding.fail(
                        "NPU " + id,
                        e.words(),
                        "look at npu-smi info; another process may hold it, or it needs a reset"));
            }
        }
        if (section.hasFailed()) {
            devices.forEach(DeviceSection::close);
            return Optional.empty();
        }
        addCount(section, wanted);
        return Optional.of(new Opened(model, devices, free));
    }

    /** As far as it will: what failed is told already. */
    private static void close(OpenDevice device) {
        try {
            device.close();
        } catch (StepFailure e) {
            // the section says which device failed and how
        }
    }

    private long addMemory(Section section, NpuModel model, OpenDevice device) {
        AclMemory.MemoryInfo memory = device.run(
                "asking NPU " + device.id() + " for its memory",
                (bindings, stream) -> memory(bindings, model.memory()));
        String words = Sizes.words(memory.freeBytes()) + " of " + Sizes.words(memory.totalBytes()) + " free"
                + (device.id() < deviceFiles.size() ? ", /dev/davinci" + deviceFiles.get(device.id()) : "");
        String name = "NPU " + device.id();
        boolean isIdle = memory.freeBytes() >= FREE_WHEN_IDLE * memory.totalBytes();
        Finding finding = isIdle
                ? Finding.ok(name, words)
                : Finding.warn(
                        name,
                        words + ": something else uses it",
                        "npu-smi info shows the processes on it; stop them, or choose other NPUs");
        section.add(finding.with("freeBytes", memory.freeBytes()).with("totalBytes", memory.totalBytes()));
        return memory.freeBytes();
    }

    /** Cards of one kind have been built with either memory; the runtime refuses to tell of the other. */
    private static AclMemory.MemoryInfo memory(CannBindings cann, DeviceMemoryKind kind) {
        try {
            return cann.memory().info(kind);
        } catch (CannException e) {
            if (e.kind() != StatusKind.INVALID_ARGUMENT) {
                throw e;
            }
            return cann.memory().info(kind == DeviceMemoryKind.HBM ? DeviceMemoryKind.DDR : DeviceMemoryKind.HBM);
        }
    }

    private static void addCount(Section section, List<Integer> wanted) {
        int count = wanted.size();
        if (Integer.bitCount(count) != 1 || count > 8) {
            section.add(Finding.warn(
                    "number of devices",
                    count + " were chosen ("
                            + wanted.stream().map(String::valueOf).collect(Collectors.joining(", "))
                            + "), and models with expert groups are spread over 1, 2, 4 or 8",
                    "choose so many with --devices"));
        }
    }
}
