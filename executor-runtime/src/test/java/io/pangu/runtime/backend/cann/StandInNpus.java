package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.DeviceProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** NPUs of the stand-in as the backend's users see them: a machine with device files, its environment, and the provider. */
public final class StandInNpus {
    /** Small pieces, because the stand-in fills memory with garbage; waits end while a test is still patient. */
    static final CannSettings SETTINGS =
            new CannSettings(20_000, false, 8 << 20, 4, 256 << 10, 4096, true, CallLimits.all(20_000));

    private final StandInCann cann;
    private final StandInCann.Layout layout;
    private final CannSettings settings;

    public StandInNpus(StandInCann cann, StandInCann.Layout layout) {
        this(cann, layout, SETTINGS);
    }

    StandInNpus(StandInCann cann, StandInCann.Layout layout, CannSettings settings) {
        this.cann = cann;
        this.layout = layout;
        this.settings = settings;
    }

    /** The same with other limits: of a call, of joining the others, and of a wait for what is on a stream. */
    public StandInNpus withLimits(int callMillis, int joinMillis, int waitMillis) {
        CallLimits limits = new CallLimits(callMillis, callMillis, callMillis, joinMillis);
        CannSettings bounded = settings.withTimeoutMillis(waitMillis).withCallLimits(limits);
        return new StandInNpus(cann, layout, bounded);
    }

    /** A machine that has eight NPUs and this CANN. */
    CannMachine machine() {
        Path directory = Path.of("target/cann-standin/devices").toAbsolutePath();
        try {
            Files.createDirectories(directory);
            for (String name : List.of("davinci_manager", "devmm_svm", "hisi_hdc")) {
                create(directory.resolve(name));
            }
            for (int device = 0; device < 8; device++) {
                create(directory.resolve("davinci" + device));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path home = cann.home(layout).directory();
        Map<String, String> environment = Map.of(
                "ASCEND_COREDUMP_SIGNAL", "none",
                "ASCEND_OPP_PATH", home.toString(),
                "LD_LIBRARY_PATH", home.resolve("lib64").toString());
        return new CannMachine(Path.of("/"), directory, environment, Optional.of(home), "amd64");
    }

    private static void create(Path file) throws IOException {
        if (!Files.exists(file)) {
            Files.write(file, new byte[0]);
        }
    }

    public DeviceProvider provider() {
        return new CannDeviceProvider(machine(), settings);
    }

    /** The first NPUs as one group. */
    public DeviceGroup group(int numDevices) {
        return provider().choose(new DeviceOptions(List.of(), numDevices, 0, "auto"));
    }

    /** NPUs by their addresses. */
    public DeviceGroup group(List<String> addresses) {
        return provider().choose(new DeviceOptions(addresses, addresses.size(), 0, "auto"));
    }

    /** NPU 0, opened by this thread, which closes it. */
    public Device open() {
        return group(1).open(0);
    }
}
