package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.Availability;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.DeviceProvider;
import io.pangu.runtime.backend.cpu.ffi.NativeBlockKernels;
import io.pangu.runtime.backend.cpu.ffi.NativeKernels;
import io.pangu.runtime.backend.cpu.vector.VectorKernels;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.Map;

/** The machine's processors as one device, or as several virtual ones that run a model as real ones would. */
public final class CpuDeviceProvider implements DeviceProvider {
    /** Far more than any model can be spread over. */
    private static final int MOST_DEVICES = 64;

    private final KernelChoice choice;

    /** Called by the service loader. */
    public CpuDeviceProvider() {
        this(new KernelChoice(CpuDeviceProvider::nativeKernels, CpuDeviceProvider::vectorKernels));
    }

    CpuDeviceProvider(KernelChoice choice) {
        this.choice = choice;
    }

    static KernelChoice.Lookup nativeKernels() {
        return switch (NativeBlockKernels.load()) {
            case NativeKernels.Loaded loaded -> new KernelChoice.Lookup.Found(loaded.kernels());
            case NativeKernels.Missing missing -> new KernelChoice.Lookup.Missing(missing.reason());
        };
    }

    static KernelChoice.Lookup vectorKernels() {
        return switch (VectorKernels.find()) {
            case VectorKernels.Lookup.Found found -> new KernelChoice.Lookup.Found(found.kernels());
            case VectorKernels.Lookup.Missing missing -> new KernelChoice.Lookup.Missing(missing.reason());
        };
    }

    @Override
    public String name() {
        return "cpu";
    }

    /** Below every accelerator. */
    @Override
    public int priority() {
        return 0;
    }

    @Override
    public boolean isExclusive() {
        return false;
    }

    @Override
    public Availability probe() {
        String reason = choice.whyNone();
        return reason.isEmpty()
                ? new Availability.Available(MOST_DEVICES, processors() + " processors")
                : new Availability.Unavailable(reason);
    }

    @Override
    public DeviceGroup choose(DeviceOptions options) {
        int devices = options.addresses().isEmpty()
                ? options.numDevices()
                : options.addresses().size();
        if (devices < 1 || devices > MOST_DEVICES) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    devices + " CPU devices were asked for; ask for 1, which uses all processors, or for up to "
                            + MOST_DEVICES + " virtual ones to try out how a model is spread",
                    Map.of("devices", Integer.toString(devices)),
                    null);
        }
        int threads = options.threads() == 0 ? processors() : options.threads();
        return new VirtualDevices(devices, threads, choice.choose(options.kernels()));
    }

    private static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }
}
