package io.pangu.runtime.parallel;

import io.pangu.runtime.backend.Device;
import java.util.List;

/** A mesh of one device that a test has made. */
public final class SoloMesh {
    private SoloMesh() {}

    /** Takes the device over; from here on it is used by the mesh's thread. */
    public static DeviceMesh of(Device device) {
        return DeviceMesh.open(new ListedDevices(List.of(device)), MeshLimits.DEFAULT);
    }
}
