package io.pangu.spark.engine;

import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How many devices an engine may span. The model's eight expert groups are dealt out whole and evenly, so it is 1, 2, 4 or 8;
 * a single checkpoint may allow fewer, which the runtime says when it reads it.
 */
final class DeviceCount {
    private static final List<Integer> ALLOWED = List.of(1, 2, 4, 8);

    private DeviceCount() {}

    /**
     * Throws unless one engine can span exactly these devices of Spark's and the settings want no other number.
     *
     * @param resource Spark's name of the resource
     * @param addresses all that Spark assigned of it
     */
    static void check(EngineSettings settings, String resource, List<String> addresses) {
        String assigned =
                addresses.size() + " of the resource " + resource + " (addresses " + String.join(", ", addresses) + ")";
        String amount = "spark.executor.resource." + resource + ".amount";
        if (settings.options().containsKey(PanguKeys.DEVICES.name())) {
            int wanted = wanted(settings);
            if (wanted != addresses.size()) {
                throw new EngineUnavailableException(PanguKeys.DEVICES.name() + " is " + wanted
                        + ", but Spark assigned " + assigned + ". An engine spans all that Spark assigns: leave "
                        + PanguKeys.DEVICES.name() + " out, or set " + amount + " to " + wanted);
            }
        }
        if (!ALLOWED.contains(addresses.size())) {
            throw new EngineUnavailableException("Spark assigned " + assigned + ", but an engine spans " + words()
                    + " devices: the model's expert groups are dealt out evenly. Set " + amount + " to such a number");
        }
    }

    /**
     * The number of devices that the settings want where Spark assigned none.
     *
     * @throws EngineUnavailableException if no engine spans so many
     */
    static int wanted(EngineSettings settings) {
        int wanted = PanguConf.of(settings.options()).number(PanguKeys.DEVICES).orElse(1);
        if (!ALLOWED.contains(wanted)) {
            throw new EngineUnavailableException(PanguKeys.DEVICES.name() + " is " + wanted + "; an engine spans "
                    + words() + " devices: the model's expert groups are dealt out evenly. Set it to such a number");
        }
        return wanted;
    }

    private static String words() {
        return ALLOWED.subList(0, ALLOWED.size() - 1).stream()
                        .map(String::valueOf)
                        .collect(Collectors.joining(", ")) + " or " + ALLOWED.get(ALLOWED.size() - 1);
    }
}
