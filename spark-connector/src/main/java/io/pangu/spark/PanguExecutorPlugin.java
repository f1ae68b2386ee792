package io.pangu.spark;

import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import io.pangu.spark.engine.DeviceAssignment;
import io.pangu.spark.engine.EngineClients;
import io.pangu.spark.engine.EngineSettings;
import io.pangu.spark.metrics.EngineGauges;
import io.pangu.spark.metrics.ReportSender;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An executor's half: starts its engine in the background and reports what it does. */
final class PanguExecutorPlugin implements ExecutorPlugin {
    private static final Logger LOG = LoggerFactory.getLogger(PanguExecutorPlugin.class);
    private static final long REPORT_MILLIS = 500;

    /** The executor's id in local mode, where the driver's half knows the resources. */
    private static final String DRIVER = "driver";

    private @Nullable ReportSender sender;

    /** Never throws: an executor whose plugin fails is ended and started again for ever, and the driver never learns why. */
    @Override
    public void init(PluginContext context, Map<String, String> unused) {
        try {
            start(context);
        } catch (RuntimeException e) {
            LOG.error("no engine was started ahead of the first task, which will meet the same error", e);
        }
    }

    @Override
    public void shutdown() {
        if (sender != null) {
            sender.close();
        }
        EngineClients.closeAll();
        DeviceAssignment.assign(Map.of());
    }

    private void start(PluginContext context) {
        if (!context.executorID().equals(DRIVER)) {
            DeviceAssignment.assign(context.resources());
        }

        sender = new ReportSender(context.executorID(), report -> send(context, report));
        new EngineGauges(context.metricRegistry()).register(sender::current);
        sender.start(REPORT_MILLIS);

        SparkConf sparkConf = context.conf();
        PanguConf conf = PanguConf.of(
                key -> sparkConf.contains(key) ? Optional.of(sparkConf.get(key)) : Optional.<String>empty());
        if (conf.value(PanguKeys.MODEL).isPresent()) {
            EngineClients.start(new EngineSettings(conf.model(), conf.engineOptions(), List.of()));
        }
    }

    private static void send(PluginContext context, Object report) {
        try {
            context.send(report);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
