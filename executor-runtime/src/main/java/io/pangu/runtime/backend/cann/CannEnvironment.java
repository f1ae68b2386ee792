package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.CannHome;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What can be told about this machine's NPUs without loading anything of CANN: the driver's device files, the installation and
 * the environment that it needs, which must be there before java starts.
 *
 * @param checks every check, in the order in which they were made
 * @param home the installation, if there is one
 * @param visibleDevices numbers of the device files that this process may use, ascending
 */
public record CannEnvironment(List<Check> checks, Optional<CannHome> home, List<Integer> visibleDevices) {
    private static final String MANAGER = "davinci_manager";
    private static final List<String> DRIVER_FILES = List.of(MANAGER, "devmm_svm", "hisi_hdc");
    private static final String VISIBLE = "ASCEND_RT_VISIBLE_DEVICES";

    /** How a check came out. */
    public enum Verdict {
        GOOD,
        /** It may work. */
        DOUBTFUL,
        /** It cannot work. */
        BAD
    }

    /**
     * One check.
     *
     * @param subject what was looked at
     * @param words what was found, and how to mend it when it is not good
     */
    public record Check(String subject, Verdict verdict, String words) {}

    /** Looks at a machine. Reads a few directories, takes milliseconds, never throws. */
    public static CannEnvironment inspect(CannMachine machine) {
        List<Check> checks = new ArrayList<>();
        List<Integer> devices = List.of();
        Optional<CannHome> home = Optional.empty();
        try {
            checks.add(architecture(machine));
            checks.add(driver(machine));
            List<Integer> present = presentDevices(machine.deviceFiles());
            checks.add(devices(machine, present));
            devices = visible(machine, present, checks);
            home = home(machine, checks);
            checks.add(operators(machine));
            checks.add(signals(machine));
            home.ifPresent(found -> checks.add(loaderPath(machine, found)));
        } catch (RuntimeException e) { // a path that is none, a file system that fails: nothing that a probe may throw
            checks.add(new Check("environment", Verdict.BAD, "it cannot be looked at: " + e));
        }
        return new CannEnvironment(List.copyOf(checks), home, devices);
    }

    /** Whether CANN may be loaded. */
    public boolean isUsable() {
        return checks.stream().noneMatch(check -> check.verdict == Verdict.BAD);
    }

    /** What keeps CANN from being loaded; on a machine without NPUs that alone. Empty when it may be. */
    public String reason() {
        List<Check> bad =
                checks.stream().filter(check -> check.verdict == Verdict.BAD).toList();
        return bad.stream()
                .filter(check -> check.subject.equals("driver"))
                .findFirst()
                .map(Check::words)
                .orElseGet(() -> bad.stream().map(Check::words).collect(Collectors.joining("; ")));
    }

    private static Check architecture(CannMachine machine) {
        boolean isSupported = List.of("amd64", "x86_64", "aarch64").contains(machine.architecture());
        return isSupported
                ? new Check("processor", Verdict.GOOD, machine.architecture())
                : new Check("processor", Verdict.BAD, "CANN does not exist for " + machine.architecture());
    }

    private static Check driver(CannMachine machine) {
        Path manager = machine.deviceFiles().resolve(MANAGER);
        if (!Files.exists(manager)) {
            return new Check(
                    "driver",
                    Verdict.BAD,
                    manager
                            + " does not exist: this machine has no NPU or no driver; in a container, map it, devmm_svm,"
                            + " hisi_hdc and davinci0 and up");
        }
        List<String> lacking = DRIVER_FILES.stream()
                .filter(name -> !isAccessible(machine.deviceFiles().resolve(name)))
                .toList();
        return lacking.isEmpty()
                ? new Check("driver", Verdict.GOOD, manager.toString())
                : new Check(
                        "driver",
                        Verdict.BAD,
                        "in " + machine.deviceFiles() + " this user may not read and write "
                                + String.join(", ", lacking)
                                + "; add the user to the group HwHiAiUser, or map the files into the container");
    }

    private static boolean isAccessible(Path file) {
        return Files.isReadable(file) && Files.isWritable(file);
    }

    private static List<Integer> presentDevices(Path directory) {
        TreeSet<Integer> numbers = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "davinci[0-9]*")) {
            for (Path file : files) {
                String number = file.getFileName().toString().substring("davinci".length());
                if (number.matches("\\d{1,4}") && isAccessible(file)) {
                    numbers.add(Integer.parseInt(number));
                }
            }
        } catch (IOException e) {
            return List.of(); // the check of the driver says that the directory is not what it should be
        }
        return List.copyOf(numbers);
    }

    private static Check devices(CannMachine machine, List<Integer> present) {
        return present.isEmpty()
                ? new Check(
                        "devices",
                        Verdict.BAD,
                        "there is no " + machine.deviceFiles()
                                + "/davinci0 or another that this user may read and write; npu-smi info tells the NPUs'"
                                + " state, and a container needs the files mapped")
                : new Check("devices", Verdict.GOOD, "davinci " + present);
    }

    /** The devices that the runtime will show, by its variable: it numbers them anew, from 0. */
    private static List<Integer> visible(CannMachine machine, List<Integer> present, List<Check> checks) {
        String value = machine.variable(VISIBLE);
        if (value.isEmpty()) {
            return present;
        }
        if (!value.matches("\\d{1,4}(,\\d{1,4})*")) {
            checks.add(new Check(
                    VISIBLE, Verdict.BAD, VISIBLE + "='" + value + "' is no list such as 0,1,2 without blanks"));
            return List.of();
        }
        List<Integer> named =
                List.of(value.split(",", -1)).stream().map(Integer::valueOf).toList();
        if (!new ArrayList<>(new TreeSet<>(named)).equals(named)) {
            checks.add(new Check(
                    VISIBLE, Verdict.BAD, VISIBLE + "=" + value + " is not ascending, or names a device twice"));
            return List.of();
        }
        if (named.size() > present.size()) {
            checks.add(new Check(
                    VISIBLE,
                    Verdict.BAD,
                    VISIBLE + "=" + value + " names more devices than there are device files: " + present));
            return List.of();
        }
        checks.add(new Check(VISIBLE, Verdict.GOOD, value));
        return named;
    }

    private static Optional<CannHome> home(CannMachine machine, List<Check> checks) {
        return switch (CannHome.find(machine.home(), machine.environment(), machine.root())) {
            case CannHome.Search.Found(CannHome home) -> {
                checks.add(new Check(
                        "installation",
                        Verdict.GOOD,
                        home.directory() + " by " + home.source()
                                + home.version()
                                        .map(version -> ", version " + version)
                                        .orElse("")));
                yield Optional.of(home);
            }
            case CannHome.Search.NotFound(String reason) -> {
                checks.add(new Check("installation", Verdict.BAD, reason));
                yield Optional.empty();
            }
        };
    }

    private static Check operators(CannMachine machine) {
        String path = machine.variable("ASCEND_OPP_PATH");
        if (!path.isEmpty() && Files.isDirectory(machine.root().resolve(path))) {
            return new Check("operators", Verdict.GOOD, path);
        }
        return new Check(
                "operators",
                Verdict.BAD,
                (path.isEmpty() ? "ASCEND_OPP_PATH is not set" : "ASCEND_OPP_PATH=" + path + " is no directory")
                        + ", without it no operator runs; run CANN's set_env.sh before java starts");
    }

    /** CANN's own handlers would take the signals that the JVM lives by. */
    private static Check signals(CannMachine machine) {
        String value = machine.variable("ASCEND_COREDUMP_SIGNAL");
        if (value.equals("none")) {
            return new Check("signals", Verdict.GOOD, "ASCEND_COREDUMP_SIGNAL=none");
        }
        String problem = (value.isEmpty() ? "ASCEND_COREDUMP_SIGNAL is not set" : "ASCEND_COREDUMP_SIGNAL=" + value)
                + ": CANN would take over signals that the JVM needs, and crash it";
        return machine.variable("LD_PRELOAD").contains("libjsig")
                ? new Check(
                        "signals",
                        Verdict.DOUBTFUL,
                        problem
                                + ", if libjsig did not chain them; export ASCEND_COREDUMP_SIGNAL=none before java starts")
                : new Check(
                        "signals", Verdict.BAD, problem + "; export ASCEND_COREDUMP_SIGNAL=none before java starts");
    }

    private static Check loaderPath(CannMachine machine, CannHome home) {
        boolean isNamed = List.of(machine.variable("LD_LIBRARY_PATH").split(":", -1)).stream()
                .filter(entry -> !entry.isEmpty())
                .map(entry -> machine.root().resolve(entry).normalize())
                .anyMatch(entry -> entry.equals(home.libraries().normalize()) || isSame(entry, home.libraries()));
        return isNamed
                ? new Check("library path", Verdict.GOOD, home.libraries().toString())
                : new Check(
                        "library path",
                        Verdict.DOUBTFUL,
                        "LD_LIBRARY_PATH does not name " + home.libraries()
                                + ": CANN may not find its own parts; run its set_env.sh before java starts");
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.isSameFile(one, other);
        } catch (IOException e) {
            return false; // one of them does not exist
        }
    }
}
