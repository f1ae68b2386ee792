package io.pangu.spark;

import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * {@code spark.plugins=io.pangu.spark.PanguPlugin}: loads the model of {@code spark.pangu.model} when an executor starts,
 * on the devices that Spark assigned to it, and shows the engines' figures in Spark's metrics. Without the plugin the first
 * task that wants the model loads it.
 */
public final class PanguPlugin implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
        return new PanguDriverPlugin();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new PanguExecutorPlugin();
    }
}
