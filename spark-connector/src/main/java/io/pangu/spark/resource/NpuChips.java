package io.pangu.spark.resource;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The NPUs of this machine, or of this container, by number: as the driver's tool tells them or as their device nodes do. */
final class NpuChips {
    private static final Logger LOG = LoggerFactory.getLogger(NpuChips.class);

    /** A row of {@code npu-smi info -m}: card, chip, logic id; a chip that computes nothing has no number there. */
    private static final Pattern ROW = Pattern.compile("\\s*\\d+\\s+\\d+\\s+(\\d{1,9})(\\s.*)?");

    private static final Pattern NODE = Pattern.compile("davinci(\\d{1,9})");

    /** The tool answers in a second or two; with a sick NPU it has been seen to hang. */
    static final Duration LIMIT = Duration.ofSeconds(20);

    private NpuChips() {}

    /** Logic ids by {@code npu-smi info -m}, ascending; empty where it is not there or lists none. */
    static List<Integer> byTool(List<String> candidates, Duration limit) {
        for (String tool : candidates) {
            try {
                return run(tool, limit);
            } catch (IOException notThere) {
                LOG.debug("{} cannot be run", tool, notThere);
            }
        }
        return List.of();
    }

    /** Numbers of the nodes {@code davinci<number>}, ascending; empty where there are none. */
    static List<Integer> byNodes(Path directory) {
        TreeSet<Integer> numbers = new TreeSet<>();
        try (DirectoryStream<Path> nodes = Files.newDirectoryStream(directory, "davinci*")) {
            for (Path node : nodes) {
                Matcher matcher = NODE.matcher(String.valueOf(node.getFileName()));
                if (matcher.matches()) {
                    numbers.add(Integer.parseInt(matcher.group(1)));
                }
            }
        } catch (IOException e) {
            LOG.debug("{} cannot be listed", directory, e);
        }
        return List.copyOf(numbers);
    }

    private static List<Integer> run(String tool, Duration limit) throws IOException {
        // Into a file: a pipe that a hung child of the tool keeps open could not be read to its end.
        Path output = Files.createTempFile("pangu-npu-smi", ".txt");
        try {
            Process process = new ProcessBuilder(tool, "info", "-m")
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    LOG.warn("{} info -m did not answer within {}; looking for device nodes", tool, limit);
                    return List.of();
                }
            } finally {
                process.destroyForcibly();
            }
            return parse(Files.readString(output));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        } finally {
            Files.delete(output);
        }
    }

    /** The logic ids in what the tool printed, ascending. */
    static List<Integer> parse(String table) {
        TreeSet<Integer> ids = new TreeSet<>();
        table.lines()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .forEach(row -> ids.add(Integer.parseInt(row.group(1))));
        return List.copyOf(ids);
    }
}
