package io.pangu.runtime.backend;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses a backend among those on the class path: the one that the user names, else the best that can run here. */
public final class Devices {
    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    private Devices() {}

    /**
     * Chooses the devices of one engine; they are opened later, each on its thread.
     *
     * @param backend a provider's name, or {@code auto}
     * @throws EngineException {@code BACKEND_UNAVAILABLE} naming every provider with its reason
     */
    public static DeviceGroup choose(String backend, DeviceOptions options) {
        return choose(backend, options, installed());
    }

    /**
     * The provider whose devices {@link #choose} would choose.
     *
     * @param backend a provider's name, or {@code auto}
     * @throws EngineException as {@link #choose} does
     */
    public static DeviceProvider provider(String backend) {
        return find(backend, installed()).provider();
    }

    static DeviceGroup choose(String backend, DeviceOptions options, List<DeviceProvider> providers) {
        Choice choice = find(backend, providers);
        LOG.info("backend {}: {}{}", choice.provider().name(), choice.summary(), refused(choice.refusals()));
        return choice.provider().choose(options);
    }

    /** The provider to take, what it found, and why those before it were not taken. */
    private record Choice(DeviceProvider provider, String summary, List<String> refusals) {}

    private static Choice find(String backend, List<DeviceProvider> providers) {
        List<String> refusals = new ArrayList<>();
        for (DeviceProvider provider : providers) {
            if (!backend.equals("auto") && !backend.equals(provider.name())) {
                continue;
            }
            switch (provider.probe()) {
                case Availability.Available found -> {
                    return new Choice(provider, found.summary(), refusals);
                }
                case Availability.Unavailable none -> refusals.add(provider.name() + ": " + none.reason());
            }
        }
        if (refusals.isEmpty()) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "backend '" + backend + "' is unknown; known are auto, "
                            + String.join(
                                    ", ",
                                    providers.stream().map(DeviceProvider::name).toList()));
        }
        throw new EngineException(
                ErrorCode.BACKEND_UNAVAILABLE, "no backend can run here: " + String.join("; ", refusals));
    }

    private static String refused(List<String> refusals) {
        return refusals.isEmpty() ? "" : " (not taken: " + String.join("; ", refusals) + ")";
    }

    private static List<DeviceProvider> installed() {
        // The loader of this class, not the thread's: Spark loads user jars by a loader of its own.
        return ServiceLoader.load(DeviceProvider.class, Devices.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(DeviceProvider::priority).reversed())
                .toList();
    }
}
