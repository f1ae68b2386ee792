package io.pangu.spark.engine;

import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.spark.SparkEnv;

/**
 * How many cores Spark has given this executor. Several executors may share a machine, and a JVM sees all of its processors:
 * engines that took them all would slow each other, and everybody else.
 */
final class ExecutorCores {
    private static final String CORES = "spark.executor.cores";

    private ExecutorCores() {}

    /** The settings with this executor's cores as threads, unless they say how many. */
    static EngineSettings applyTo(EngineSettings settings) {
        return applyTo(settings, ofThisExecutor());
    }

    static EngineSettings applyTo(EngineSettings settings, Optional<String> cores) {
        OptionalInt threads = PanguConf.of(settings.options()).number(PanguKeys.THREADS);
        if (cores.isEmpty() || threads.orElse(0) > 0) {
            return settings;
        }
        Map<String, String> options = new TreeMap<>(settings.options());
        options.put(PanguKeys.THREADS.name(), cores.get());
        return new EngineSettings(settings.model(), options, settings.deviceAddresses());
    }

    private static Optional<String> ofThisExecutor() {
        SparkEnv env = SparkEnv.get();
        boolean isExecutor = env != null && !env.executorId().equals("driver");
        return isExecutor && env.conf().contains(CORES) ? Optional.of(env.conf().get(CORES)) : Optional.empty();
    }
}
