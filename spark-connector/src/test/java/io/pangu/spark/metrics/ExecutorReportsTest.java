package io.pangu.spark.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.pangu.spark.engine.EngineCounters;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ExecutorReportsTest {
    private final ExecutorReports reports = new ExecutorReports();

    @Test
    void countsNothingBeforeTheFirstReport() {
        assertThat(reports.total())
                .isEqualTo(new EngineReport("all", 0, new EngineCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    }

    @Test
    void sumsTheLastReportOfEachExecutor() {
        reports.accept(report("1", 1));
        reports.accept(report("2", 10));
        reports.accept(report("1", 2));

        assertThat(reports.total())
                .isEqualTo(new EngineReport("all", 2, new EngineCounters(12, 24, 36, 48, 60, 72, 84, 96, 108, 120)));
    }

    @Test
    void keepsWhatADeadExecutorDidButNotWhatItWasDoing() {
        reports.accept(report("1", 1));
        reports.executorEnded("1");
        reports.executorEnded("unheard of");

        assertThat(reports.total())
                .isEqualTo(new EngineReport("all", 0, new EngineCounters(1, 2, 3, 4, 5, 6, 7, 8, 0, 0)));
    }

    @Test
    void aReportThatComesLateBringsNoDeadExecutorBack() {
        reports.accept(report("1", 1));
        reports.executorEnded("1");
        reports.accept(report("1", 2));
        reports.executorEnded("2");
        reports.accept(report("2", 10));

        assertThat(reports.total())
                .isEqualTo(new EngineReport("all", 0, new EngineCounters(12, 24, 36, 48, 60, 72, 84, 96, 0, 0)));
    }

    @Test
    void gaugesShowEachFigureUnderItsName() {
        MetricRegistry registry = new MetricRegistry();
        new EngineGauges(registry)
                .register(() -> new EngineReport("1", 2, new EngineCounters(3, 4_000_000, 5, 6, 7, 8, 9, 10, 11, 12)));

        Map<String, Object> values = registry.getMetrics().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> ((Gauge<?>) entry.getValue()).getValue()));
        assertThat(values)
                .containsOnly(
                        Map.entry("engines", 2L),
                        Map.entry("steps", 3L),
                        Map.entry("stepMillis", 4L),
                        Map.entry("promptTokens", 5L),
                        Map.entry("cachedTokens", 6L),
                        Map.entry("completionTokens", 7L),
                        Map.entry("preemptions", 8L),
                        Map.entry("requestsDone", 9L),
                        Map.entry("requestsFailed", 10L),
                        Map.entry("running", 11L),
                        Map.entry("waiting", 12L));
    }

    @Test
    void sumOfNoneIsZero() {
        assertThat(CounterSums.sum(List.of()).steps()).isZero();
    }

    private static EngineReport report(String executor, int factor) {
        return new EngineReport(
                executor,
                1,
                new EngineCounters(
                        factor,
                        2L * factor,
                        3L * factor,
                        4L * factor,
                        5L * factor,
                        6L * factor,
                        7L * factor,
                        8L * factor,
                        9 * factor,
                        10 * factor));
    }
}
