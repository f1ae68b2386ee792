package io.pangu.runtime.backend.cpu.ffi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A look at a shared library before the system's loader sees it: the loader kills the process, instead of failing, when a
 * file ends before the parts that its headers name.
 */
final class ElfFile {
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int MAGIC = 0x464c457f;
    private static final int CLASS_64_LITTLE_ENDIAN = 0x0102;
    private static final int MACHINE_X86_64 = 62;
    private static final int MACHINE_AARCH64 = 183;

    private ElfFile() {}

    /**
     * What is wrong with a library, if anything.
     *
     * @param architecture {@code x86_64}, {@code aarch64}, or another, for which the machine is not checked
     */
    static Optional<String> fault(Path file, String architecture) {
        ByteBuffer bytes;
        try {
            bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            return Optional.of("it cannot be read: " + e);
        }
        if (bytes.limit() < HEADER_BYTES || bytes.getInt(0) != MAGIC || bytes.getShort(4) != CLASS_64_LITTLE_ENDIAN) {
            return Optional.of("it is no 64-bit shared library");
        }
        int machine = Short.toUnsignedInt(bytes.getShort(18));
        if (machine != machineOf(architecture, machine)) {
            return Optional.of("it is for another processor (ELF machine " + machine + ") than " + architecture);
        }
        return isComplete(bytes) ? Optional.empty() : Optional.of("it is cut short");
    }

    private static int machineOf(String architecture, int otherwise) {
        return switch (architecture) {
            case "x86_64" -> MACHINE_X86_64;
            case "aarch64" -> MACHINE_AARCH64;
            default -> otherwise;
        };
    }

    /** Whether every segment that would be mapped lies within the file. */
    private static boolean isComplete(ByteBuffer bytes) {
        long table = bytes.getLong(32);
        int count = Short.toUnsignedInt(bytes.getShort(56));
        if (count == 0 || table < HEADER_BYTES || table > bytes.limit() - (long) count * PROGRAM_HEADER_BYTES) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            int header = (int) table + i * PROGRAM_HEADER_BYTES;
            long offset = bytes.getLong(header + 8);
            long length = bytes.getLong(header + 32);
            if (offset < 0 || length < 0 || offset > bytes.limit() || length > bytes.limit() - offset) {
                return false;
            }
        }
        return true;
    }
}
