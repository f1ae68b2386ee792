package io.pangu.spark.it;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The plugin's gauges as the driver's Prometheus page tells them. */
record PluginGauges(Map<String, Long> values) {
    private static final Pattern LINE = Pattern.compile(
            "^metrics_[^{]*_driver_plugin_io_pangu_spark_PanguPlugin_(\\w+?)_(?:Value|Number)(?:\\{[^}]*})? (\\S+)$",
            Pattern.MULTILINE);

    static PluginGauges of(LocalCluster cluster) {
        Map<String, Long> values = new LinkedHashMap<>();
        Matcher lines = LINE.matcher(cluster.get("/metrics/prometheus/"));
        while (lines.find()) {
            values.put(lines.group(1), (long) Double.parseDouble(lines.group(2)));
        }
        return new PluginGauges(values);
    }

    long value(String name) {
        Long value = values.get(name);
        if (value == null) {
            throw new AssertionError("no gauge '" + name + "' among " + values);
        }
        return value;
    }

    /** Nothing is in any engine's hands. */
    boolean isIdle() {
        return value("running") == 0 && value("waiting") == 0;
    }
}
