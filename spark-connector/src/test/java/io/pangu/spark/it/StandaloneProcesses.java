package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/** A standalone Spark of real processes: one master, and workers each with properties and variables of its own. */
final class StandaloneProcesses implements AutoCloseable {
    private static final String HOST = "127.0.0.1";

    private final Path directory;
    private final int port;
    private final List<Process> processes = new ArrayList<>();
    private final Map<String, Process> workers = new LinkedHashMap<>();

    private StandaloneProcesses(Path directory, int port) {
        this.directory = directory;
        this.port = port;
    }

    /** Starts the master and waits until it listens. */
    static StandaloneProcesses start(Path directory) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        StandaloneProcesses cluster = new StandaloneProcesses(directory, port);
        try {
            cluster.launch(
                    "master",
                    Map.of(),
                    "org.apache.spark.deploy.master.Master",
                    "--host",
                    HOST,
                    "--port",
                    String.valueOf(port),
                    "--webui-port",
                    "0");
            await().atMost(LocalCluster.LIMIT).until(cluster::isListening);
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** Starts a worker with one core; it registers by and by. */
    void startWorker(String name, Map<String, String> properties, Map<String, String> variables) throws IOException {
        Properties file = new Properties();
        file.putAll(properties);
        Path path = directory.resolve(name + ".properties");
        try (var out = Files.newOutputStream(path)) {
            file.store(out, null);
        }
        Process worker = launch(
                name,
                variables,
                "org.apache.spark.deploy.worker.Worker",
                url(),
                "--host",
                HOST,
                "--cores",
                "1",
                "--memory",
                "1g",
                "--work-dir",
                SparkHome.directory().resolve("work").toString(),
                "--properties-file",
                path.toString(),
                "--webui-port",
                "0");
        workers.put(name, worker);
    }

    /** Waits until the master knows every worker. */
    void awaitWorkers() {
        workers.forEach((name, worker) -> await().atMost(LocalCluster.LIMIT)
                .untilAsserted(() -> assertThat(log(name))
                        .as("the log of worker %s, which %s", name, worker.isAlive() ? "lives" : "has ended")
                        .contains("Successfully registered with master")));
    }

    /** The executors that a worker has started and that live. */
    List<ProcessHandle> executors(String worker) {
        return Objects.requireNonNull(workers.get(worker), worker)
                .children()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains("CoarseGrainedExecutorBackend"))
                        .isPresent())
                .toList();
    }

    String url() {
        return "spark://" + HOST + ":" + port;
    }

    /** Ends what was started, executors included, so that none of them outlives the test. */
    @Override
    public void close() {
        for (Process process : processes) {
            List<ProcessHandle> executors = process.descendants().toList();
            process.destroy();
            executors.forEach(ProcessHandle::destroy);
            try {
                if (!process.waitFor(20, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                process.destroyForcibly();
            }
            executors.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private Process launch(String name, Map<String, String> variables, String mainClass, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(JavaHome.running().java().toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        command.add("-Xmx256m");
        command.add("-Dlog4j2.configurationFile=" + logging());
        command.add("-cp");
        command.add(SparkHome.directory().resolve("jars") + "/*");
        command.add(mainClass);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(logFile(name).toFile());
        builder.environment().putAll(variables);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** Executors of the same installation log less. */
    private Path logging() throws IOException {
        String text = Files.readString(SparkHome.directory().resolve("conf/log4j2.properties"));
        return Files.writeString(
                directory.resolve("log4j2.properties"),
                text + "logger.deploy.name = org.apache.spark.deploy\nlogger.deploy.level = info\n");
    }

    private Path logFile(String name) {
        return directory.resolve(name + ".log");
    }

    private String log(String name) throws IOException {
        return Files.readString(logFile(name));
    }

    private boolean isListening() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }
}
