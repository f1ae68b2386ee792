package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.CannMachine;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command {@code pangu-doctor}: {@code java --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector -cp
 * pangu-spark_2.13-VERSION.jar io.pangu.runtime.doctor.Doctor}. Ends with 0 when the engine can run, 1 when it cannot, 2 for a
 * wrong option.
 */
@Command(
        name = "pangu-doctor",
        mixinStandardHelpOptions = true,
        version = "pangu-doctor, report schema " + Report.SCHEMA_VERSION,
        sortOptions = false,
        usageHelpWidth = 100,
        description = "Says whether the engine can run on this machine, what is missing and how to mend it.",
        exitCodeListHeading = "%nEnds with%n",
        exitCodeList = {"0:the engine can run", "1:it cannot", "2:an option is wrong"})
public final class Doctor implements Callable<Integer> {
    static final int CAN_RUN = 0;
    static final int CANNOT_RUN = 1;
    static final int BAD_USAGE = 2;

    private static final int LARGEST_ID = 4096;

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream errors;
    private final boolean isTerminal;

    @Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "What is to run: cann (Ascend NPUs, the default) or cpu.")
    private String backend = "cann";

    @Option(
            names = "--home",
            paramLabel = "DIR",
            description = "CANN's directory, instead of ASCEND_HOME_PATH and the usual places.")
    private @Nullable Path home;

    @Option(
            names = "--devices",
            paramLabel = "IDS",
            description = "Logical ids of the NPUs to use, such as 0,1,2,3, or all (the default).")
    private String devices = "all";

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "A checkpoint: whether it can be read, be spread over the devices and fit their memory.")
    private @Nullable Path model;

    @Option(names = "--json", paramLabel = "FILE", description = "Writes the report there, for programs.")
    private @Nullable Path json;

    @Option(
            names = "--skip-probes",
            description = "Looks, but runs nothing on the NPUs: no operators, collectives, graphs, copies.")
    private boolean skipsProbes;

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            description = "Longest wait for one step before it is given up (default: ${DEFAULT-VALUE}).")
    private double limitSeconds = 150;

    @Option(names = "--verbose", description = "Shows every operator, library and symbol.")
    private boolean isVerbose;

    @Option(names = "--device-files", paramLabel = "DIR", hidden = true)
    private Path deviceFiles = Path.of(System.getProperty(CannMachine.DEVICE_FILES_PROPERTY, "/dev"));

    /**
     * The command.
     *
     * @param environment variables by name
     * @param out where findings go
     * @param errors where it is told that an option is wrong
     * @param isTerminal whether colours are of use
     */
    Doctor(Map<String, String> environment, PrintStream out, PrintStream errors, boolean isTerminal) {
        this.environment = environment;
        this.out = out;
        this.errors = errors;
        this.isTerminal = isTerminal;
    }

    /** Runs the command and ends the process, also when a call into CANN does not come back. */
    public static void main(String... arguments) {
        PrintStream out = utf8(FileDescriptor.out);
        PrintStream errors = utf8(FileDescriptor.err);
        boolean isTerminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        int status = run(new Doctor(System.getenv(), out, errors, isTerminal), arguments);
        out.flush();
        errors.flush();
        // not exit: hooks and threads that hang in a driver must not keep the process
        Runtime.getRuntime().halt(status);
    }

    private static PrintStream utf8(FileDescriptor file) {
        return new PrintStream(new FileOutputStream(file), true, StandardCharsets.UTF_8);
    }

    /** Runs the command; gives the status to end with. */
    static int run(Doctor doctor, String... arguments) {
        return new CommandLine(doctor)
                .setOut(new PrintWriter(doctor.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(doctor.errors, true, StandardCharsets.UTF_8))
                .execute(arguments);
    }

    @Override
    public Integer call() {
        DoctorSettings settings = settings();
        ReportText text = new ReportText(isTerminal, isVerbose);
        CannMachine machine = new CannMachine(
                Path.of("/"), deviceFiles, environment, home(), System.getProperty("os.arch", "unknown"));
        Report report = new Examination(settings, machine, section -> {
                    out.print(text.section(section));
                    out.flush();
                })
                .run();
        out.print(text.verdict(report));
        return write(report) && report.canRun() ? CAN_RUN : CANNOT_RUN;
    }

    private Optional<Path> home() {
        String property = System.getProperty(CannMachine.HOME_PROPERTY, "").strip();
        return Optional.ofNullable(home)
                .or(() -> property.isEmpty() ? Optional.empty() : Optional.of(Path.of(property)));
    }

    private DoctorSettings settings() {
        if (!List.of("cann", "cpu").contains(backend)) {
            throw usage("--backend is '" + backend + "'; known are cann and cpu");
        }
        if (!(limitSeconds >= 0.01 && limitSeconds <= 86_400)) {
            throw usage("--time-limit is " + limitSeconds + "; give seconds, from 0.01 to 86400");
        }
        return new DoctorSettings(
                backend, deviceIds(), Optional.ofNullable(model), !skipsProbes, Duration.ofMillis((long)
                        (limitSeconds * 1000)));
    }

    private List<Integer> deviceIds() {
        if (devices.equals("all")) {
            return List.of();
        }
        List<Integer> ids = new ArrayList<>();
        for (String part : devices.split(",", -1)) {
            if (!part.strip().matches("\\d{1,4}")) {
                throw usage("--devices is '" + devices + "'; give logical ids such as 0,1,2,3, or all");
            }
            int id = Integer.parseInt(part.strip());
            if (id >= LARGEST_ID || ids.contains(id)) {
                throw usage("--devices is '" + devices + "'; each id once, below " + LARGEST_ID);
            }
            ids.add(id);
        }
        return ids;
    }

    private ParameterException usage(String message) {
        CommandLine.Model.CommandSpec command = spec;
        if (command == null) {
            throw new IllegalStateException("not run as a command: " + message);
        }
        return new ParameterException(command.commandLine(), message);
    }

    private boolean write(Report report) {
        Path file = json;
        if (file == null) {
            return true;
        }
        try {
            Files.writeString(file, ReportJson.of(report));
            out.println("      report: " + file.toAbsolutePath());
            return true;
        } catch (IOException e) {
            out.println("      the report cannot be written to " + file.toAbsolutePath() + ": " + e
                    + "; name a file in a directory that this user may write to");
            return false;
        }
    }
}
