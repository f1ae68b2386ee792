package io.pangu.spark.engine;

import io.pangu.runtime.engine.InferenceEngines;
import io.pangu.runtime.error.EngineException;
import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the runtime would run an engine on in this JVM. */
final class BackendChoice {
    /** By the word in {@code spark.pangu.backend}: every task asks, and what a machine has does not change. */
    private static final Map<String, DeviceUse> DEVICE_USE = new ConcurrentHashMap<>();

    private BackendChoice() {}

    /** How it shares its devices. */
    static DeviceUse deviceUse(EngineSettings settings) {
        String backend = PanguConf.of(settings.options()).text(PanguKeys.BACKEND);
        try {
            return DEVICE_USE.computeIfAbsent(
                    backend,
                    word -> InferenceEngines.takesExclusiveDevices(word) ? DeviceUse.EXCLUSIVE : DeviceUse.SHARED);
        } catch (EngineException cannotRun) {
            return DeviceUse.UNKNOWN;
        }
    }
}
