package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.Availability;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.DeviceProvider;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Ascend NPUs through CANN. */
public final class CannDeviceProvider implements DeviceProvider {
    /** Attention reads heads in pieces of so many elements: what a model's head size must be a multiple of. */
    public static final int HEAD_MULTIPLE = 16;

    private final CannMachine machine;
    private final CannSettings settings;

    /** Called by the service loader. */
    public CannDeviceProvider() {
        this(CannMachine.current(), CannSettings.current());
    }

    CannDeviceProvider(CannMachine machine, CannSettings settings) {
        this.machine = machine;
        this.settings = settings;
    }

    @Override
    public String name() {
        return "cann";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public Availability probe() {
        CannEnvironment environment = CannEnvironment.inspect(machine);
        return environment.isUsable()
                ? new Availability.Available(environment.visibleDevices().size(), summary(environment))
                : new Availability.Unavailable(environment.reason());
    }

    private static String summary(CannEnvironment environment) {
        return environment.visibleDevices().size() + " NPUs, CANN in "
                + environment.home().map(home -> home.directory().toString()).orElse("");
    }

    @Override
    public DeviceGroup choose(DeviceOptions options) {
        CannEnvironment environment = CannEnvironment.inspect(machine);
        if (!environment.isUsable()) {
            throw new EngineException(ErrorCode.BACKEND_UNAVAILABLE, "cann: " + environment.reason());
        }
        int visible = environment.visibleDevices().size();
        List<Integer> ids =
                options.addresses().isEmpty() ? firstIds(options.numDevices(), visible) : ids(options.addresses());
        if (ids.isEmpty() || ids.stream().anyMatch(id -> id >= visible)) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "NPUs " + ids + " were asked for, this process sees " + visible
                            + ", numbered from 0; correct the number of devices, their addresses or"
                            + " ASCEND_RT_VISIBLE_DEVICES",
                    Map.of("devices", ids.toString(), "visible", Integer.toString(visible)),
                    null);
        }
        return new CannDevices(environment.home().orElseThrow(), settings, ids);
    }

    /** The first that no call hangs in, as far as there are any; then those too, which will say so. */
    private static List<Integer> firstIds(int count, int visible) {
        return IntStream.range(0, Math.max(count, visible))
                .boxed()
                .sorted(Comparator.comparing(CallGuard::isHeld))
                .limit(count)
                .sorted()
                .toList();
    }

    private static List<Integer> ids(List<String> addresses) {
        List<Integer> ids = new ArrayList<>();
        for (String address : addresses) {
            if (!address.matches("\\d{1,4}") || ids.contains(Integer.valueOf(address))) {
                throw new EngineException(
                        ErrorCode.INVALID_CONFIG,
                        "NPU addresses " + addresses + " are no logical ids, each once; give numbers such as 0,1,2,3",
                        Map.of("addresses", addresses.toString()),
                        null);
            }
            ids.add(Integer.valueOf(address));
        }
        return ids;
    }
}
