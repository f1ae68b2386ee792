package io.pangu.spark.engine;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.spark.conf.ConfKey;
import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import java.time.Duration;
import java.util.Map;

/** What the runtime is to be asked for, from the {@code spark.pangu.*} settings. */
final class EngineConfigReader {
    private static final Map<String, WeightPrecision> WEIGHTS = Map.of(
            "bf16", WeightPrecision.BFLOAT16,
            "f32", WeightPrecision.FLOAT32,
            "int8", WeightPrecision.INT8);

    private EngineConfigReader() {}

    /**
     * The runtime's form of the settings.
     *
     * @throws io.pangu.spark.conf.ConfException naming the setting, its value and what it may be
     */
    static EngineConfig read(EngineSettings settings) {
        PanguConf conf = PanguConf.of(settings.options());
        int devices = settings.deviceAddresses().isEmpty()
                ? number(conf, PanguKeys.DEVICES)
                : settings.deviceAddresses().size();
        WeightPrecision weights = WEIGHTS.get(conf.text(PanguKeys.WEIGHTS));
        if (weights == null) {
            throw new IllegalStateException("no such weights in the runtime: " + conf.text(PanguKeys.WEIGHTS));
        }
        return EngineConfig.of(settings.model())
                .withBackend(conf.text(PanguKeys.BACKEND))
                .withDevices(settings.deviceAddresses(), devices)
                .withCpu(number(conf, PanguKeys.THREADS), conf.text(PanguKeys.CPU_KERNELS))
                .withWeights(weights)
                .withLimits(
                        number(conf, PanguKeys.MAX_CONTEXT_LENGTH),
                        number(conf, PanguKeys.MAX_BATCH_TOKENS),
                        number(conf, PanguKeys.MAX_SEQUENCES),
                        conf.bytes(PanguKeys.KV_CACHE_BYTES))
                .withStepLimit(Duration.ofSeconds(number(conf, PanguKeys.STEP_LIMIT_SECONDS)));
    }

    private static int number(PanguConf conf, ConfKey key) {
        return conf.number(key).orElseThrow(() -> new IllegalStateException(key.name() + " is no number"));
    }
}
