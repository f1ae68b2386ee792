package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.DeviceMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * How much memory this process may use: the machine's, or the control group's where that is less. Free counts what the
 * kernel would give back from its page cache, because mapped checkpoints fill it.
 */
final class HostMemory {
    /** A limit above this means none (version 1 writes a number near 2^63, version 2 the word max). */
    private static final long NO_LIMIT = 1L << 60;

    private final Path root;

    /** Reads below {@code root}, the file system's root outside tests. */
    HostMemory(Path root) {
        this.root = root;
    }

    /** Total and free now; the JVM's own estimate where there is no {@code /proc}. */
    DeviceMemory read() {
        List<String> lines = lines("proc/meminfo");
        OptionalLong total = value(lines, "MemTotal:");
        OptionalLong available = value(lines, "MemAvailable:");
        if (total.isEmpty() || available.isEmpty()) {
            long heap = Runtime.getRuntime().maxMemory();
            return new DeviceMemory(heap, heap);
        }
        DeviceMemory machine = new DeviceMemory(total.getAsLong() << 10, available.getAsLong() << 10);
        for (Path group : groups()) {
            machine = within(machine, group);
        }
        return machine;
    }

    /** The narrower of what is known and what a control group allows. */
    private DeviceMemory within(DeviceMemory known, Path group) {
        boolean isVersion2 = Files.exists(group.resolve("memory.max"));
        OptionalLong limit = number(group.resolve(isVersion2 ? "memory.max" : "memory.limit_in_bytes"));
        OptionalLong used = number(group.resolve(isVersion2 ? "memory.current" : "memory.usage_in_bytes"));
        if (limit.isEmpty() || used.isEmpty() || limit.getAsLong() > NO_LIMIT) {
            return known;
        }
        long cached = value(lines(group.resolve("memory.stat")), isVersion2 ? "inactive_file" : "total_inactive_file")
                .orElse(0);
        long free = Math.max(0, limit.getAsLong() - used.getAsLong() + cached);
        return new DeviceMemory(Math.min(known.totalBytes(), limit.getAsLong()), Math.min(known.freeBytes(), free));
    }

    /** The process's control groups from its own up to the top, as far as they are visible. */
    private List<Path> groups() {
        List<Path> groups = new ArrayList<>();
        for (String line : lines("proc/self/cgroup")) {
            String[] fields = line.split(":", 3);
            if (fields.length < 3
                    || !(fields[1].isEmpty() || List.of(fields[1].split(",")).contains("memory"))) {
                continue;
            }
            Path top = root.resolve(fields[1].isEmpty() ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
            Path group = top.resolve(fields[2].replaceFirst("^/+", "")).normalize();
            for (Path at = group; at != null && at.startsWith(top); at = at.getParent()) {
                groups.add(at);
            }
        }
        return groups;
    }

    private List<String> lines(String path) {
        return lines(root.resolve(path));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of(); // not this system, or not for us to read: the next source is asked
        }
    }

    private static OptionalLong number(Path file) {
        return lines(file).stream()
                .map(String::strip)
                .filter(text -> text.matches("\\d{1,18}"))
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    private static OptionalLong value(List<String> lines, String key) {
        return lines.stream()
                .map(line -> line.split("\\s+"))
                .filter(words -> words.length > 1 && words[0].equals(key) && words[1].matches("\\d{1,18}"))
                .mapToLong(words -> Long.parseLong(words[1]))
                .findFirst();
    }
}
