package io.pangu.runtime.backend;

import java.util.List;

/**
 * What to open.
 *
 * @param addresses logical device ids in rank order, as the resource manager assigned them; empty: the provider's first
 * @param numDevices how many when {@code addresses} is empty
 * @param threads worker threads of a CPU device, 0 = one per available processor
 * @param kernels which CPU kernels: {@code auto}, {@code native} or {@code vector}
 */
public record DeviceOptions(List<String> addresses, int numDevices, int threads, String kernels) {
    public DeviceOptions {
        addresses = List.copyOf(addresses);
    }
}
