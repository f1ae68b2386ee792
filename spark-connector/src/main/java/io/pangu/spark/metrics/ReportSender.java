package io.pangu.spark.metrics;

import io.pangu.spark.engine.EngineClient;
import io.pangu.spark.engine.EngineClients;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the driver about this executor's engines whenever something changed: executors have no port of their own where
 * their gauges could be read.
 */
public final class ReportSender implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReportSender.class);

    private final String executor;
    private final Consumer<EngineReport> receiver;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "pangu-engine-reports");
        thread.setDaemon(true);
        return thread;
    });
    private @Nullable EngineReport sent;

    /**
     * A sender that does nothing yet.
     *
     * @param executor Spark's id of this executor
     * @param receiver the way to the driver; what it throws is logged
     */
    public ReportSender(String executor, Consumer<EngineReport> receiver) {
        this.executor = executor;
        this.receiver = receiver;
    }

    /** Sends a report at every such interval, if it differs from the last. */
    public void start(long intervalMillis) {
        var unused = timer.scheduleWithFixedDelay(
                () -> sendChanges(), intervalMillis, intervalMillis, TimeUnit.MILLISECONDS);
    }

    /** What the engines of this JVM count now. */
    public EngineReport current() {
        List<EngineClient> engines = EngineClients.open();
        return new EngineReport(
                executor,
                engines.size(),
                CounterSums.sum(engines.stream().map(EngineClient::counters).toList()));
    }

    /** Ends the sending, after a last report. */
    @Override
    public void close() {
        timer.shutdownNow();
        sendChanges();
    }

    private synchronized void sendChanges() {
        try {
            EngineReport report = current();
            if (!report.equals(sent)) {
                receiver.accept(report);
                sent = report;
            }
        } catch (RuntimeException e) {
            // A lost report is replaced by the next; an exception would end the timer.
            LOG.debug("no report of the engines reached the driver", e);
        }
    }
}
