package io.pangu.spark.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A driver in this JVM and two executors in processes of their own, each with one core: children of this JVM, or of the workers
 * of the master that the settings name. Executors know what Spark ships and what the settings bring them. Closing it ends every process that it started, whatever state the test left them in.
 */
final class LocalCluster implements AutoCloseable {
    static final int NUM_EXECUTORS = 2;
    /** For whatever has to happen on a machine that does ten other things. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    private static final String MASTER = "local-cluster[" + NUM_EXECUTORS + ",1,600]";

    private final Path home = SparkHome.directory();
    private final SparkSession session;
    private final ExecutorEvents events = new ExecutorEvents();

    private LocalCluster(Map<String, String> settings) {
        SparkConf conf = new SparkConf(false);
        common().forEach(conf::set);
        settings.forEach(conf::set);
        session = SparkSession.builder().config(conf).getOrCreate();
        context().addSparkListener(events);
    }

    /** Starts a cluster with these settings on top of those that every test wants. */
    static LocalCluster start(Map<String, String> settings) {
        return new LocalCluster(settings);
    }

    private static Map<String, String> common() {
        Map<String, String> conf = new HashMap<>();
        conf.put("spark.master", MASTER);
        conf.put("spark.app.name", "pangu-it");
        conf.put("spark.driver.host", "127.0.0.1");
        conf.put("spark.driver.bindAddress", "127.0.0.1");
        conf.put("spark.executor.memory", "600m");
        conf.put("spark.executor.cores", "1");
        conf.put("spark.executor.extraJavaOptions", SparkHome.compilerFlag());
        conf.put("spark.scheduler.minRegisteredResourcesRatio", "1.0");
        conf.put("spark.scheduler.maxRegisteredResourcesWaitingTime", LIMIT.toSeconds() + "s");
        // A machine that stands still for a minute is no lost executor.
        conf.put("spark.worker.timeout", "600");
        conf.put("spark.network.timeout", "600s");
        conf.put("spark.sql.shuffle.partitions", "2");
        conf.put(
                "spark.sql.warehouse.dir",
                SparkHome.directory().resolve("warehouse").toString());
        conf.put("spark.ui.enabled", "false");
        conf.put("spark.pangu.model", GoldenModel.DIRECTORY.toString());
        return conf;
    }

    SparkSession session() {
        return session;
    }

    SparkContext context() {
        return session.sparkContext();
    }

    /** The events, with all in them that happened until now. */
    ExecutorEvents events() {
        try {
            context().listenerBus().waitUntilEmpty();
        } catch (java.util.concurrent.TimeoutException e) {
            throw new IllegalStateException(e);
        }
        return events;
    }

    /** Does something in the session while a setting has this value. */
    <T> T withSetting(String name, String value, Supplier<T> work) {
        String before = session.conf().get(name, null);
        session.conf().set(name, value);
        try {
            return work.get();
        } finally {
            if (before == null) {
                session.conf().unset(name);
            } else {
                session.conf().set(name, before);
            }
        }
    }

    /** The executors' processes that live now. */
    List<ProcessHandle> executors() {
        return executorProcesses()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains(context().applicationId()))
                        .isPresent())
                .toList();
    }

    /** What each executor of this application wrote to its log, one after the other as they were started. */
    List<String> executorLogs() {
        Path work = home.resolve("work").resolve(context().applicationId());
        try (Stream<Path> executors = Files.list(work)) {
            return executors
                    .sorted()
                    .map(directory -> read(directory.resolve("stderr")))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What one executor wrote to its log until now, by Spark's id. */
    String executorLog(String executor) {
        return read(home.resolve("work")
                .resolve(context().applicationId())
                .resolve(executor)
                .resolve("stderr"));
    }

    /** What the driver's web server answers. */
    String get(String path) {
        URI uri = URI.create(context().uiWebUrl().get() + path);
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> response =
                    client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IllegalStateException(uri + " answers " + response.statusCode() + ": " + response.body());
            }
            return response.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> left = executors();
        try {
            session.stop();
            SparkSession.clearActiveSession();
            SparkSession.clearDefaultSession();
        } finally {
            left.forEach(LocalCluster::end);
            executorProcesses().forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static void end(ProcessHandle process) {
        try {
            process.onExit().get(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            process.destroyForcibly();
        }
    }

    /** Those that this JVM or its children started: no process of anybody else's is ever touched. */
    private static Stream<ProcessHandle> executorProcesses() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains("CoarseGrainedExecutorBackend"))
                        .isPresent());
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(Objects.requireNonNull(file)) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
