package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Settings of one communicator; what is empty is left to the environment.
 *
 * @param bufferMegabytes size of each of its two device buffers; 200 by default
 * @param deterministic whether sums are always added in the same order
 * @param name its name, by which operators that communicate find it; at most 127 bytes
 */
public record HcclCommConfig(OptionalInt bufferMegabytes, Optional<Boolean> deterministic, Optional<String> name) {
    /** Nothing set. */
    public static final HcclCommConfig DEFAULT =
            new HcclCommConfig(OptionalInt.empty(), Optional.empty(), Optional.empty());

    // the structure of version 5 (8.1.RC1), which newer libraries read by its version
    private static final int BYTES = 300;
    private static final int MAGIC = 0xf0f0f0f0;
    private static final int VERSION = 5;
    private static final int NOT_SET = 0xffffffff;
    private static final int NAME_BYTES = 128;

    private static final int OFFSET_MAGIC = 8;
    private static final int OFFSET_VERSION = 12;
    private static final int OFFSET_BUFFER_SIZE = 24;
    private static final int OFFSET_DETERMINISTIC = 28;
    private static final int OFFSET_NAME = 32;
    private static final int OFFSET_OP_EXPANSION_MODE = 288;
    private static final int OFFSET_TRAFFIC_CLASS = 292;
    private static final int OFFSET_SERVICE_LEVEL = 296;

    /**
     * Settings.
     *
     * @throws IllegalArgumentException when a value is out of range
     */
    public HcclCommConfig {
        if (bufferMegabytes.isPresent() && bufferMegabytes.getAsInt() <= 0) {
            throw new IllegalArgumentException("a communicator's buffer of " + bufferMegabytes.getAsInt() + " MB");
        }
        name.ifPresent(text -> {
            int bytes = text.getBytes(StandardCharsets.UTF_8).length;
            if (bytes == 0 || bytes >= NAME_BYTES) {
                throw new IllegalArgumentException(
                        "a communicator's name of " + bytes + " bytes, it has 1 to " + (NAME_BYTES - 1));
            }
        });
    }

    /** {@code HcclCommConfig} in the arena's memory. */
    MemorySegment write(Arena arena) {
        MemorySegment config = arena.allocate(BYTES, JAVA_LONG.byteAlignment());
        config.set(JAVA_LONG, 0, BYTES);
        config.set(JAVA_INT, OFFSET_MAGIC, MAGIC);
        config.set(JAVA_INT, OFFSET_VERSION, VERSION);
        config.set(JAVA_INT, OFFSET_BUFFER_SIZE, bufferMegabytes.orElse(NOT_SET));
        config.set(
                JAVA_INT,
                OFFSET_DETERMINISTIC,
                deterministic.map(isOn -> isOn ? 1 : 0).orElse(NOT_SET));
        name.ifPresent(text -> config.setString(OFFSET_NAME, text));
        config.set(JAVA_INT, OFFSET_OP_EXPANSION_MODE, 0);
        config.set(JAVA_INT, OFFSET_TRAFFIC_CLASS, NOT_SET);
        config.set(JAVA_INT, OFFSET_SERVICE_LEVEL, NOT_SET);
        return config;
    }
}
