package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Opens {@link ReferenceDevice}s for a test and fails it when something of theirs is not closed at its end. Used as a
 * non-static {@link RegisterExtension} field.
 */
public final class ReferenceDeviceExtension implements AfterEachCallback {
    private final List<ReferenceDevice> devices = new ArrayList<>();

    /** A device that is checked when the test ends. */
    public ReferenceDevice open() {
        return open(new ReferenceDevice());
    }

    /** The same with activations of another type. */
    public ReferenceDevice open(DType activationType) {
        return open(new ReferenceDevice(activationType));
    }

    /** Watches a device that the test made itself. */
    public ReferenceDevice open(ReferenceDevice device) {
        devices.add(device);
        return device;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            return; // a failed test need not have cleaned up; its own failure is the news
        }
        for (ReferenceDevice device : devices) {
            Assertions.assertThat(device.liveObjects())
                    .as("buffers, weights and caches left open on %s", device.description())
                    .isZero();
        }
    }
}
