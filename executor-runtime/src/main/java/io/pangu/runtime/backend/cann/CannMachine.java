package io.pangu.runtime.backend.cann;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where to look for NPUs and CANN.
 *
 * @param root the file system's root
 * @param deviceFiles directory of the driver's device files
 * @param environment variables by name
 * @param home a CANN home that the user named
 * @param architecture the processor as the JVM names it
 */
public record CannMachine(
        Path root, Path deviceFiles, Map<String, String> environment, Optional<Path> home, String architecture) {
    /** Names a CANN home, instead of the environment and the default places. */
    public static final String HOME_PROPERTY = "pangu.cann.home";

    /** Names the directory of the device files, instead of {@code /dev}. */
    public static final String DEVICE_FILES_PROPERTY = "pangu.cann.device-files";

    /** This process and its machine. */
    public static CannMachine current() {
        String home = System.getProperty(HOME_PROPERTY, "");
        return new CannMachine(
                Path.of("/"),
                Path.of(System.getProperty(DEVICE_FILES_PROPERTY, "/dev")),
                System.getenv(),
                home.isBlank() ? Optional.empty() : Optional.of(Path.of(home.strip())),
                System.getProperty("os.arch", "unknown"));
    }

    /** A variable of the environment; empty when it is not set. */
    public String variable(String name) {
        return environment.getOrDefault(name, "").strip();
    }
}
