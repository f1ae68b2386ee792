package io.pangu.spark.metrics;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.pangu.spark.engine.EngineCounters;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * The gauges that Spark's metrics system shows of engines, under the plugin's name. Times are in milliseconds; all but
 * {@code engines}, {@code running} and {@code waiting} only ever grow.
 */
public final class EngineGauges {
    private final MetricRegistry registry;

    public EngineGauges(MetricRegistry registry) {
        this.registry = registry;
    }

    /** Registers all gauges over what the supplier says at the time of reading. */
    public void register(Supplier<EngineReport> report) {
        gauge("engines", report, EngineReport::numEngines);
        counter("steps", report, EngineCounters::steps);
        counter("stepMillis", report, counters -> counters.stepNanos() / 1_000_000);
        counter("promptTokens", report, EngineCounters::promptTokens);
        counter("cachedTokens", report, EngineCounters::cachedTokens);
        counter("completionTokens", report, EngineCounters::completionTokens);
        counter("preemptions", report, EngineCounters::preemptions);
        counter("requestsDone", report, EngineCounters::requestsDone);
        counter("requestsFailed", report, EngineCounters::requestsFailed);
        counter("running", report, EngineCounters::running);
        counter("waiting", report, EngineCounters::waiting);
    }

    private void counter(String name, Supplier<EngineReport> report, ToLongFunction<EngineCounters> value) {
        gauge(name, report, current -> value.applyAsLong(current.counters()));
    }

    private void gauge(String name, Supplier<EngineReport> report, ToLongFunction<EngineReport> value) {
        Gauge<Long> gauge = () -> value.applyAsLong(report.get());
        registry.register(name, gauge);
    }
}
