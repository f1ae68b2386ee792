package io.pangu.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Java processes that find the tests' stand-in for CANN, with operators that do nothing, where NPUs would be. */
final class StandInProcess {
    private static final String HOME_PROPERTY = "pangu.cann.home";
    private static final int NPUS = 8;

    private final Path home;
    private final Path devices;

    private StandInProcess(Path home, Path devices) {
        this.home = home;
        this.devices = devices;
    }

    /** Whether this process is one. */
    static boolean isOne() {
        return System.getProperty(HOME_PROPERTY) != null;
    }

    /** The library with the stand-in's own functions. */
    static Path library() {
        return Path.of(System.getProperty(HOME_PROPERTY), "lib64", "libcann_standin.so");
    }

    /** Builds the stand-in, with the C compiler; run in the repository's root. */
    static StandInProcess build() throws IOException, InterruptedException {
        Path out = Path.of("benchmarks/target/cann-standin").toAbsolutePath();
        Process build = new ProcessBuilder("executor-runtime/src/test/native/cann/build.sh", out.toString())
                .inheritIO()
                .start();
        if (build.waitFor() != 0) {
            throw new IOException("the stand-in cannot be built: it takes gcc, and the repository's root to run in");
        }
        Path devices = Files.createDirectories(out.resolve("devices"));
        List<String> files = new ArrayList<>(List.of("davinci_manager", "devmm_svm", "hisi_hdc"));
        for (int npu = 0; npu < NPUS; npu++) {
            files.add("davinci" + npu);
        }
        for (String file : files) {
            Files.write(devices.resolve(file), new byte[0]);
        }
        return new StandInProcess(out.resolve("8.1"), devices);
    }

    /** Runs a class of ours there, with this process's own options, and gives what it prints. */
    List<String> run(Class<?> main, boolean withGraphs, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-D" + HOME_PROPERTY + "=" + home);
        command.add("-Dpangu.cann.device-files=" + devices);
        command.add("-Dpangu.cann.graphs=" + withGraphs);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment()
                .putAll(Map.of(
                        "ASCEND_COREDUMP_SIGNAL", "none",
                        "ASCEND_OPP_PATH", home.toString(),
                        "HCCL_OP_EXPANSION_MODE", "AIV",
                        "LD_LIBRARY_PATH", home.resolve("lib64").toString(),
                        "PANGU_STANDIN_NOOP", "1"));
        Process process = builder.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("a process ended with " + status + " after " + lines);
        }
        return lines;
    }
}
