package io.pangu.spark.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.pangu.spark.engine.EngineCounters;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class EngineGaugesTest {
    private final MetricRegistry registry = new MetricRegistry();

    @Test
    void showEveryCounterUnderItsName() {
        EngineCounters counters = new EngineCounters(1, 2_999_999, 3, 4, 5, 6, 7, 8, 9, 10);
        new EngineGauges(registry).register(() -> new EngineReport("1", 2, counters));

        assertThat(values())
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("engines", 2L),
                        Map.entry("steps", 1L),
                        Map.entry("stepMillis", 2L),
                        Map.entry("promptTokens", 3L),
                        Map.entry("cachedTokens", 4L),
                        Map.entry("completionTokens", 5L),
                        Map.entry("preemptions", 6L),
                        Map.entry("requestsDone", 7L),
                        Map.entry("requestsFailed", 8L),
                        Map.entry("running", 9L),
                        Map.entry("waiting", 10L)));
        assertThat(values())
                .as("one gauge for each counter and one for the engines")
                .hasSize(EngineCounters.class.getRecordComponents().length + 1);
    }

    @Test
    void showWhatHoldsWhenTheyAreRead() {
        AtomicReference<EngineReport> report =
                new AtomicReference<>(new EngineReport("1", 0, CounterSums.sum(java.util.List.of())));
        new EngineGauges(registry).register(report::get);
        assertThat(values()).containsEntry("steps", 0L);

        report.set(new EngineReport("1", 1, new EngineCounters(42, 0, 0, 0, 0, 0, 0, 0, 0, 0)));

        assertThat(values()).containsEntry("steps", 42L).containsEntry("engines", 1L);
    }

    private Map<String, Object> values() {
        Map<String, Object> values = new TreeMap<>();
        registry.getGauges().forEach((name, gauge) -> values.put(name, gauge.getValue()));
        return values;
    }
}
