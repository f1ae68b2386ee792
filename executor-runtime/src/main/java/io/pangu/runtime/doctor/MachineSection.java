package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.CannMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The machine: system, Java, driver, rights. Reads files and loads nothing. */
final class MachineSection {
    private static final int JAVA = 25;
    private static final String GROUP = "HwHiAiUser";

    private final CannMachine machine;

    MachineSection(CannMachine machine) {
        this.machine = machine;
    }

    /** What every backend rests on. */
    void addSystem(Section section) {
        section.add(Finding.ok(
                "system",
                property("os.name") + " " + property("os.version") + ", " + machine.architecture() + ", "
                        + Runtime.getRuntime().availableProcessors() + " processors"));
        int version = Runtime.version().feature();
        String java = property("java.vm.name") + " " + property("java.version");
        section.add(
                version >= JAVA
                        ? Finding.ok("Java", java)
                        : Finding.fail("Java", java, "the engine needs Java " + JAVA + " or newer"));
        if (!MachineSection.class.getModule().isNativeAccessEnabled()) {
            section.add(Finding.warn(
                    "native access",
                    "Java warns of native calls, and a later one will refuse them",
                    "start java with --enable-native-access=ALL-UNNAMED"));
        }
        section.add(Finding.ok("memory", memory().orElse("its size is not told by /proc/meminfo")));
    }

    /** What NPUs rest on. */
    void addDriver(Section section) {
        section.add(version("driver version", "usr/local/Ascend/driver/version.info"));
        section.add(version("firmware version", "usr/local/Ascend/firmware/version.info"));
        section.add(group());
        section.add(lockedMemory());
    }

    private Optional<String> memory() {
        List<String> lines = lines("proc/meminfo");
        return value(lines, "MemTotal:")
                .map(total -> total + " in all, "
                        + value(lines, "MemAvailable:").orElse("unknown") + " available, transparent huge pages "
                        + hugePages());
    }

    private String hugePages() {
        List<String> lines = lines("sys/kernel/mm/transparent_hugepage/enabled");
        String all = lines.isEmpty() ? "" : lines.getFirst();
        int open = all.indexOf('[');
        int close = all.indexOf(']');
        return open >= 0 && close > open ? all.substring(open + 1, close) : "unknown";
    }

    private Finding version(String part, String file) {
        return lines(file).stream()
                .map(String::strip)
                .filter(line -> line.regionMatches(true, 0, "version=", 0, 8))
                .findFirst()
                .map(line -> Finding.ok(part, line.substring(8)).with("version", line.substring(8)))
                .orElseGet(
                        () -> Finding.warn(
                                part,
                                "unknown: " + machine.root().resolve(file) + " does not tell it",
                                "in a container, mount /usr/local/Ascend/driver; graphs with task groups need driver 25.0.RC1"));
    }

    /** Device files usually belong to a group; whether they may be used, the environment's check of the driver says. */
    private Finding group() {
        List<String> status = lines("proc/self/status");
        String mine = " " + value(status, "Groups:").orElse("") + " "
                + value(status, "Gid:").orElse("") + " ";
        boolean isRoot = value(status, "Uid:").orElse("").startsWith("0");
        Optional<String> id = lines("etc/group").stream()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length > 2 && fields[0].equals(GROUP))
                .map(fields -> fields[2])
                .findFirst();
        if (id.isEmpty()) {
            return Finding.ok("group", "there is no group " + GROUP + " here");
        }
        boolean isMember = Arrays.asList(mine.split("\\s+")).contains(id.get());
        if (isRoot || isMember) {
            return Finding.ok("group", isRoot ? "this user is root" : "this user is in " + GROUP);
        }
        return Finding.warn(
                "group",
                "this user is not in " + GROUP + ", which owns the device files in most installations",
                "usermod -aG " + GROUP + " " + property("user.name") + ", then log in again");
    }

    private Finding lockedMemory() {
        String words = lines("proc/self/limits").stream()
                .filter(line -> line.startsWith("Max locked memory"))
                .map(line ->
                        line.substring("Max locked memory".length()).strip().split("\\s+")[0])
                .findFirst()
                .orElse("unknown");
        return Finding.ok(
                        "locked memory",
                        "limit " + words + (words.equals("unlimited") || words.equals("unknown") ? "" : " bytes")
                                + "; pinned memory comes from the driver, and is tried out with the copies")
                .with("limit", words);
    }

    private List<String> lines(String file) {
        Path path = machine.root().resolve(file);
        try {
            return Files.readString(path, StandardCharsets.ISO_8859_1).lines().toList();
        } catch (IOException e) {
            return List.of(); // not there, or not for this user: the finding says what is unknown
        }
    }

    private static Optional<String> value(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()).strip())
                .findFirst();
    }

    private static String property(String name) {
        return System.getProperty(name, "unknown");
    }
}
