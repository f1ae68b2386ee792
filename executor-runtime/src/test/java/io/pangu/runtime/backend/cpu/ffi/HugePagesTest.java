package io.pangu.runtime.backend.cpu.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class HugePagesTest {
    private static final long LARGE = 5 * HugePages.PAGE_BYTES + 4096;

    @Test
    void largeRegionsStartAtAPageAreZeroAndCanBeWrittenToTheLastByte() {
        try (HugePages.Region region = HugePages.allocate(LARGE)) {
            MemorySegment segment = region.segment();
            assertThat(segment.byteSize()).isEqualTo(LARGE);
            assertThat(segment.address() % HugePages.ALIGNMENT).isZero();
            for (long at = 0; at < LARGE; at += 4095) {
                assertThat(segment.get(ValueLayout.JAVA_BYTE, at)).isZero();
            }
            segment.set(ValueLayout.JAVA_BYTE, LARGE - 1, (byte) 7);
            assertThat(segment.get(ValueLayout.JAVA_BYTE, LARGE - 1)).isEqualTo((byte) 7);
        }
    }

    @Test
    void smallRegionsAreAlignedToACacheLine() {
        for (long bytes : new long[] {0, 1, 63, 64, 1000, HugePages.PAGE_BYTES - 1}) {
            try (HugePages.Region region = HugePages.allocate(bytes)) {
                assertThat(region.segment().byteSize()).isEqualTo(bytes);
                assertThat(region.segment().address() % HugePages.ALIGNMENT).isZero();
            }
        }
    }

    @Test
    void largeRegionsGetHugePagesWhereTheSystemGrantsThem() throws IOException {
        Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        Assumptions.assumeTrue(
                Files.isReadable(setting) && !Files.readString(setting).contains("[never]"),
                "no transparent huge pages");
        try (HugePages.Region region = HugePages.allocate(16 * HugePages.PAGE_BYTES)) {
            assertThat(region.segment().address() % HugePages.PAGE_BYTES).isZero();
            region.segment().fill((byte) 1);
            assertThat(flagsOf(region.segment().address())).contains(" hg");
        }
    }

    /** The kernel's flags of the mapping at an address; {@code hg} says that huge pages were asked for. */
    private static String flagsOf(long address) throws IOException {
        boolean isInside = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
                isInside = Long.parseUnsignedLong(range[0], 16) <= address
                        && address < Long.parseUnsignedLong(range[1], 16);
            } else if (isInside && line.startsWith("VmFlags:")) {
                return line;
            }
        }
        return "";
    }

    @Test
    void closingGivesTheMemoryBackAndEndsItsUse() {
        HugePages.Region region = HugePages.allocate(LARGE);
        MemorySegment segment = region.segment();
        region.close();
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingUnmapsTheWholeRegion() throws IOException {
        Path status = Path.of("/proc/self/status");
        Assumptions.assumeTrue(Files.isReadable(status), "no /proc");
        long before = virtualKilobytes(status);
        for (int i = 0; i < 100; i++) {
            try (HugePages.Region region = HugePages.allocate(1L << 30)) {
                region.segment().set(ValueLayout.JAVA_BYTE, (1L << 30) - 1, (byte) 1);
            }
        }
        assertThat(virtualKilobytes(status) - before).isLessThan(4L << 20);
    }

    private static long virtualKilobytes(Path status) throws IOException {
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmSize:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
    }

    @Test
    void moreThanTheAddressSpaceIsAnErrorThatNamesTheSize() {
        assertThatThrownBy(() -> HugePages.allocate(1L << 52)).isInstanceOfSatisfying(EngineException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            assertThat(e).hasMessageContaining("4503599627370496 bytes");
        });
    }

    @Test
    void aNegativeSizeIsAMistakeOfTheCaller() {
        assertThatThrownBy(() -> HugePages.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
