package io.pangu.spark;

import io.pangu.spark.engine.DeviceAssignment;
import io.pangu.spark.metrics.EngineGauges;
import io.pangu.spark.metrics.EngineReport;
import io.pangu.spark.metrics.ExecutorReports;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.jspecify.annotations.Nullable;

/** The driver's half: sums the executors' figures up, where a metrics sink or the UI's Prometheus page can read them. */
final class PanguDriverPlugin implements DriverPlugin {
    private final ExecutorReports reports = new ExecutorReports();

    @Override
    public Map<String, String> init(SparkContext context, PluginContext pluginContext) {
        if (context.isLocal()) {
            // The driver is the executor, and Spark tells this half alone what was found for it.
            DeviceAssignment.assign(pluginContext.resources());
        }
        context.addSparkListener(new SparkListener() {
            @Override
            public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
                reports.executorEnded(removed.executorId());
            }
        });
        return Map.of();
    }

    @Override
    public void registerMetrics(String appId, PluginContext context) {
        new EngineGauges(context.metricRegistry()).register(reports::total);
    }

    /** Takes an executor's report; answers nothing, as nobody waits for it. */
    @Override
    public @Nullable Object receive(Object message) {
        if (message instanceof EngineReport report) {
            reports.accept(report);
        }
        return null;
    }
}
