package io.pangu.runtime.parallel;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import java.util.List;

/** Devices that a test has made, each alone: they do not meet in collectives. */
public record ListedDevices(List<? extends Device> devices) implements DeviceGroup {
    @Override
    public int size() {
        return devices.size();
    }

    @Override
    public Device open(int rank) {
        return devices.get(rank);
    }

    @Override
    public void abort(Throwable reason) {
        // Nobody waits for anybody.
    }
}
