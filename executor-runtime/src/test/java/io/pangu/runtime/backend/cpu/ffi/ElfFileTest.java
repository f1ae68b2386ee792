package io.pangu.runtime.backend.cpu.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfFileTest {
    @TempDir
    Path directory;

    @Test
    void acceptsALibraryWhoseSegmentsLieWithinTheFile() throws IOException {
        assertThat(ElfFile.fault(write(library(62, 0, 200)), "x86_64")).isEmpty();
        assertThat(ElfFile.fault(write(library(183, 0, 200)), "aarch64")).isEmpty();
        assertThat(ElfFile.fault(write(library(243, 0, 200)), "riscv64")).isEmpty();
    }

    @Test
    void refusesAnotherProcessor() throws IOException {
        assertThat(ElfFile.fault(write(library(183, 0, 200)), "x86_64").orElseThrow())
                .contains("another processor", "183", "x86_64");
    }

    @Test
    void refusesASegmentThatEndsBeyondTheFile() throws IOException {
        assertThat(ElfFile.fault(write(library(62, 0, 201)), "x86_64")).contains("it is cut short");
        assertThat(ElfFile.fault(write(library(62, 201, 0)), "x86_64")).contains("it is cut short");
        assertThat(ElfFile.fault(write(library(62, -1, 5)), "x86_64")).contains("it is cut short");
        assertThat(ElfFile.fault(write(library(62, 5, Long.MAX_VALUE)), "x86_64"))
                .contains("it is cut short");
    }

    @Test
    void refusesATableOfSegmentsThatEndsBeyondTheFile() throws IOException {
        byte[] library = library(62, 0, 200);
        ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN).putLong(32, Long.MAX_VALUE - 3);
        assertThat(ElfFile.fault(write(library), "x86_64")).contains("it is cut short");
        ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN).putLong(32, 64).putShort(56, (short) 3);
        assertThat(ElfFile.fault(write(library), "x86_64")).contains("it is cut short");
    }

    @Test
    void refusesOtherFiles() throws IOException {
        assertThat(ElfFile.fault(write(new byte[0]), "x86_64")).contains("it is no 64-bit shared library");
        assertThat(ElfFile.fault(write(new byte[200]), "x86_64")).contains("it is no 64-bit shared library");
        assertThat(ElfFile.fault(directory.resolve("none"), "x86_64").orElseThrow())
                .contains("cannot be read");
    }

    /** 200 bytes with one program header. */
    private static byte[] library(int machine, long offset, long length) {
        return ByteBuffer.allocate(200)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, 0x464c457f)
                .putShort(4, (short) 0x0102)
                .putShort(18, (short) machine)
                .putLong(32, 64)
                .putShort(56, (short) 1)
                .putLong(64 + 8, offset)
                .putLong(64 + 32, length)
                .array();
    }

    private Path write(byte[] content) throws IOException {
        Path file = directory.resolve("library.so");
        Files.write(file, content);
        return file;
    }
}
