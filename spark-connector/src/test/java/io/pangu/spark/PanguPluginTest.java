package io.pangu.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.pangu.spark.engine.DeviceAssignment;
import io.pangu.spark.engine.EngineClients;
import io.pangu.spark.engine.EngineCounters;
import io.pangu.spark.exec.FakeEngines;
import io.pangu.spark.metrics.EngineReport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.SparkConf;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class PanguPluginTest {
    private final PanguPlugin plugin = new PanguPlugin();
    private final ExecutorPlugin executor = plugin.executorPlugin();

    @BeforeEach
    void forgetTheEnginesOfOtherTests() {
        EngineClients.closeAll();
    }

    @AfterEach
    void shutDown() {
        executor.shutdown();
    }

    @Test
    void startsTheConfiguredEngineAheadOfTheFirstTask() {
        FakeContext context = new FakeContext(Map.of("spark.pangu.model", FakeEngines.MODEL));

        executor.init(context, Map.of());

        await().until(() -> !EngineClients.open().isEmpty());
        assertThat(gauge(context, "engines")).isEqualTo(1);
    }

    @Test
    void startsNothingWithoutAModel() {
        FakeContext context = new FakeContext(Map.of());

        executor.init(context, Map.of());

        assertThat(gauge(context, "engines")).isZero();
    }

    @Test
    void tellsTheDriverWhatItsEnginesDo() {
        FakeContext context = new FakeContext(Map.of("spark.pangu.model", FakeEngines.MODEL));

        executor.init(context, Map.of());

        await().until(() -> context.sent.stream()
                .anyMatch(message -> message instanceof EngineReport report
                        && report.numEngines() == 1
                        && report.executor().equals("3")));
    }

    @Test
    void notesWhatSparkAssignedUntilTheExecutorEnds() {
        FakeContext context = new FakeContext(Map.of());
        context.resources.put("npu", new ResourceInformation("npu", new String[] {"6", "2"}));

        executor.init(context, Map.of());
        assertThat(DeviceAssignment.ofThisExecutor()).containsExactly(Map.entry("npu", List.of("6", "2")));

        executor.shutdown();
        assertThat(DeviceAssignment.ofThisExecutor()).isEmpty();
    }

    @Test
    void neverFailsAnExecutor() {
        assertThatCode(() -> executor.init(
                        new FakeContext(Map.of("spark.pangu.model", "/m", "spark.pangu.threads", "many")), Map.of()))
                .doesNotThrowAnyException();
        assertThatCode(() -> executor.init(new FakeContext(Map.of("spark.pangu.model", "/no/such/model")), Map.of()))
                .doesNotThrowAnyException();
    }

    @Test
    void closesItsEnginesWithTheExecutor() {
        executor.init(new FakeContext(Map.of("spark.pangu.model", FakeEngines.MODEL)), Map.of());
        await().until(() -> !EngineClients.open().isEmpty());

        executor.shutdown();

        assertThat(EngineClients.open()).isEmpty();
    }

    @Test
    void driverSumsUpWhatExecutorsReport() {
        DriverPlugin driver = plugin.driverPlugin();
        FakeContext context = new FakeContext(Map.of());
        driver.registerMetrics("app", context);

        Object first = receive(driver, report("1", 10));
        Object second = receive(driver, report("2", 5));
        Object newer = receive(driver, report("1", 12));

        assertThat(gauge(context, "completionTokens")).isEqualTo(17);
        assertThat(gauge(context, "engines")).isEqualTo(2);
        assertThat(gauge(context, "running")).isEqualTo(2);
        assertThat(first)
                .as("a reply to a one-way message is logged as a warning")
                .isNull();
        assertThat(second).isNull();
        assertThat(newer).isNull();
    }

    private static Object receive(DriverPlugin driver, Object message) {
        try {
            return driver.receive(message);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static EngineReport report(String executor, long tokens) {
        return new EngineReport(executor, 1, new EngineCounters(1, 2_000_000, 3, 4, tokens, 0, 5, 0, 1, 0));
    }

    private static long gauge(FakeContext context, String name) {
        Gauge<?> gauge = Objects.requireNonNull(context.registry.getGauges().get(name), name);
        return ((Number) gauge.getValue()).longValue();
    }

    /** Spark's side of an executor. */
    private static final class FakeContext implements PluginContext {
        private final MetricRegistry registry = new MetricRegistry();
        private final List<Object> sent = new CopyOnWriteArrayList<>();
        private final SparkConf conf = new SparkConf(false);
        private final Map<String, ResourceInformation> resources = new HashMap<>();

        FakeContext(Map<String, String> settings) {
            settings.forEach(conf::set);
        }

        @Override
        public MetricRegistry metricRegistry() {
            return registry;
        }

        @Override
        public SparkConf conf() {
            return conf;
        }

        @Override
        public String executorID() {
            return "3";
        }

        @Override
        public String hostname() {
            // As executors of Spark 4.2.0 do.
            throw new NullPointerException("rpcEnv.address");
        }

        @Override
        public Map<String, ResourceInformation> resources() {
            return resources;
        }

        @Override
        public void send(Object message) {
            sent.add(message);
        }

        @Override
        public Object ask(Object message) {
            throw new UnsupportedOperationException("nobody answers");
        }
    }
}
