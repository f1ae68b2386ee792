package io.pangu.spark.engine;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * Which engine a query wants: part of the physical plan, sent to executors. Equal settings share one engine per JVM.
 *
 * @param model checkpoint directory, {@code spark.pangu.model}
 * @param options further {@code spark.pangu.*} settings of the engine by key, set ones only
 * @param deviceAddresses devices that Spark assigned to this executor, empty where none were
 */
public record EngineSettings(String model, Map<String, String> options, List<String> deviceAddresses)
        implements Serializable {
    public EngineSettings {
        options = Map.copyOf(options);
        deviceAddresses = List.copyOf(deviceAddresses);
    }
}
