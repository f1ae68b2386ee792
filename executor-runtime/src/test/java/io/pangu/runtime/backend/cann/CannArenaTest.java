package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CannArenaTest extends NpuTest {
    private static final long MIB = 1 << 20;

    @Test
    void partsAreAlignedApartAndHaveSlackBehindThem() {
        List<CannBuffer> buffers = new ArrayList<>();
        for (long bytes : new long[] {0, 1, 31, 480, 481, 512, 100_000}) {
            buffers.add(arena.allocate(bytes));
        }
        for (int i = 0; i < buffers.size(); i++) {
            CannBuffer buffer = buffers.get(i);
            assertThat(buffer.address() % CannArena.ALIGNMENT).isZero();
            for (CannBuffer other : buffers.subList(i + 1, buffers.size())) {
                assertThat(buffer.address() + buffer.sizeBytes() + CannArena.SLACK <= other.address()
                                || other.address() + other.sizeBytes() + CannArena.SLACK <= buffer.address())
                        .isTrue();
            }
        }
        assertThat(standIn.cann().get("live.device_allocations")).isEqualTo(1);
        assertThat(arena.openBuffers()).isEqualTo(7);
    }

    @Test
    void whatIsGivenBackIsHandedOutAgain() {
        CannBuffer first = arena.allocate(MIB);
        long address = first.address();
        first.close();
        assertThat(arena.usedBytes()).isZero();
        assertThat(arena.allocate(MIB).address()).isEqualTo(address);
    }

    @Test
    void closingTwiceDoesNotTakeTheNextOnesMemory() {
        CannBuffer first = arena.allocate(MIB);
        first.close();
        CannBuffer second = arena.allocate(MIB);
        first.close();
        assertThat(arena.openBuffers()).isEqualTo(1);
        assertThat(arena.allocate(MIB).address()).isNotEqualTo(second.address());
    }

    @Test
    void aLargePartGetsAnAllocationOfItsOwn() {
        arena.allocate(100);
        CannBuffer large = arena.allocate(20 * MIB);
        assertThat(large.sizeBytes()).isEqualTo(20 * MIB);
        assertThat(standIn.cann().get("live.device_allocations")).isEqualTo(2);
        assertThat(arena.reservedBytes()).isBetween(24 * MIB, 24 * MIB + 8192);
    }

    @Test
    void closingGivesEverythingBackToTheDevice() {
        CannBuffer open = arena.allocate(10 * MIB);
        arena.allocate(MIB);
        arena.close();
        assertThat(standIn.cann().get("live.device_allocations")).isZero();
        assertThat(arena.reservedBytes()).isZero();
        open.close();
        assertThat(arena.openBuffers()).isZero();
    }

    @Test
    void whatDoesNotFitIsOutOfMemoryWithTheNumbersAndTheRemedy() {
        standIn.cann().reset();
        standIn.cann().set("hbm_mib", 32);
        reopen();
        CannBuffer kept = arena.allocate(16 * MIB);
        assertThatThrownBy(() -> arena.allocate(20 * MIB)).isInstanceOfSatisfying(EngineException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            assertThat(e)
                    .hasMessageContaining("cannot allocate " + 20 * MIB + " bytes on npu:0: of its " + 32 * MIB)
                    .hasMessageContaining("smaller key-value cache");
            assertThat(e.context()).containsEntry("requestedBytes", Long.toString(20 * MIB));
            assertThat(e.getCause()).isInstanceOf(CannException.class);
        });
        assertThat(arena.openBuffers()).isEqualTo(1);
        kept.close();
    }

    @Test
    void inNeedChunksThatNobodyUsesAreGivenBackFirst() {
        standIn.cann().reset();
        standIn.cann().set("hbm_mib", 32);
        reopen();
        arena.allocate(18 * MIB).close();
        CannBuffer next = arena.allocate(24 * MIB);
        assertThat(next.sizeBytes()).isEqualTo(24 * MIB);
        assertThat(standIn.cann().get("live.device_allocations")).isEqualTo(1);
    }

    @Test
    void inNeedAChunkIsNoLargerThanItMustBe() {
        standIn.cann().reset();
        standIn.cann().set("hbm_mib", 32);
        reopen();
        CannArena coarse = new CannArena(cann.memory(), "npu:0", DeviceMemoryKind.HBM, 64 * MIB);
        assertThat(coarse.allocate(10 * MIB).sizeBytes()).isEqualTo(10 * MIB);
        coarse.close();
    }

    /** After a reset of the stand-in, whose handles are gone. */
    private void reopen() {
        cann.devices().init(null);
        cann.devices().setDevice(0);
        stream = cann.streams().createStream();
        arena = new CannArena(cann.memory(), "npu:0", DeviceMemoryKind.HBM, 4 * MIB);
    }

    @Test
    void anotherFailureOfTheDeviceIsNotTakenForFullMemory() {
        standIn.cann().fault("aclrtMalloc", 1, StandInCann.Fault.FAIL, 507899, 0);
        assertThatThrownBy(() -> arena.allocate(100))
                .isInstanceOfSatisfying(
                        CannException.class, e -> assertThat(e.kind()).isEqualTo(StatusKind.DEVICE_LOST));
    }

    @Test
    void sizesThatAreNoneAreMistakesOfTheCaller() {
        assertThatThrownBy(() -> arena.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> arena.allocate(Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new CannArena(cann.memory(), "npu:0", DeviceMemoryKind.HBM, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLongLifeOfSmallAndLargePartsEndsAsItBegan() {
        Random random = new Random(11);
        List<CannBuffer> open = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            if (open.size() < 40 && random.nextInt(3) > 0) {
                open.add(arena.allocate(random.nextInt(300_000)));
            } else if (!open.isEmpty()) {
                open.remove(random.nextInt(open.size())).close();
            }
        }
        open.forEach(CannBuffer::close);
        assertThat(arena.usedBytes()).isZero();
        // whole again: the largest possible part fits without another allocation
        long before = standIn.cann().get("live.device_allocations");
        arena.allocate(4 * MIB - CannArena.ALIGNMENT);
        assertThat(standIn.cann().get("live.device_allocations")).isEqualTo(before);
    }
}
