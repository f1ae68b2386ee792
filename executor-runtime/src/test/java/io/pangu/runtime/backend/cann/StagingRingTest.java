package io.pangu.runtime.backend.cann;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.StatusKind;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StagingRingTest extends NpuTest {
    private static final int SLOT_BYTES = 256;

    private StagingRing ring(int numSlots) {
        return new StagingRing(cann, stream, numSlots, SLOT_BYTES, TIMEOUT_MILLIS);
    }

    private MemorySegment random(int seed, int bytes) {
        byte[] values = new byte[bytes];
        new Random(seed).nextBytes(values);
        return host.allocateFrom(JAVA_BYTE, values);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 257, 2048, 2049, 5000})
    void whatGoesUpComesDown(int bytes) {
        try (StagingRing ring = ring(3)) {
            CannBuffer buffer = arena.allocate(bytes);
            MemorySegment up = random(bytes, bytes);
            ring.upload(up, buffer.address());
            MemorySegment down = host.allocate(Math.max(1, bytes)).asSlice(0, bytes);
            ring.download(buffer.address(), down);
            assertThat(down.mismatch(up)).isEqualTo(-1);
        }
    }

    @Test
    void theSourceMayBeOverwrittenAtOnceHoweverLateTheStreamIs() {
        standIn.cann().fault("aclrtMemcpyAsync", 1, StandInCann.Fault.TASK_LATE, 0, 50);
        try (StagingRing ring = ring(2)) {
            CannBuffer buffer = arena.allocate(4 * 20);
            MemorySegment value = host.allocate(JAVA_INT);
            // many more uploads than slots: each slot must wait for its own turn
            for (int i = 0; i < 20; i++) {
                value.set(JAVA_INT, 0, 100 + i);
                ring.upload(value, buffer.address() + 4L * i);
            }
            MemorySegment down = host.allocate(JAVA_INT, 20);
            ring.download(buffer.address(), down);
            for (int i = 0; i < 20; i++) {
                assertThat(down.getAtIndex(JAVA_INT, i)).isEqualTo(100 + i);
            }
        }
    }

    @Test
    void anUploadDoesNotWaitForTheStream() {
        standIn.cann().fault("aclrtMemcpyAsync", 1, StandInCann.Fault.TASK_HANG, 0, 0);
        StagingRing ring = ring(4);
        CannBuffer buffer = arena.allocate(64);
        ring.upload(random(1, 64), buffer.address());
        ring.upload(random(2, 64), buffer.address());
        assertThat(cann.streams().isComplete(stream)).isFalse();
        standIn.cann().releaseHung();
        settle();
        ring.close();
    }

    @Test
    void aStreamThatHangsEndsInATimeout() {
        StagingRing ring = new StagingRing(cann, stream, 1, SLOT_BYTES, 50);
        CannBuffer buffer = arena.allocate(64);
        standIn.cann().fault("aclrtMemcpyAsync", 1, StandInCann.Fault.TASK_HANG, 0, 0);
        ring.upload(random(1, 64), buffer.address());
        CannException e = catchThrowableOfType(CannException.class, () -> ring.upload(random(2, 64), buffer.address()));
        assertThat(e.kind()).isEqualTo(StatusKind.TIMEOUT);
        standIn.cann().releaseHung();
        settle();
        ring.close();
    }

    /** Waits until a stream whose task was let go has got to its end, with whatever failure. */
    private void settle() {
        CannException e =
                catchThrowableOfType(CannException.class, () -> cann.streams().synchronize(stream, TIMEOUT_MILLIS));
        assertThat(e == null || e.kind() != StatusKind.TIMEOUT).isTrue();
    }

    @Test
    void aRingThatCannotBeMadeLeavesNothingBehind() {
        standIn.cann().fault("aclrtCreateEventExWithFlag", 3, StandInCann.Fault.FAIL, 207007, 0);
        assertThatThrownBy(() -> ring(4)).isInstanceOf(CannException.class);
        assertThat(standIn.cann().get("live.events")).isZero();
        assertThat(standIn.cann().get("live.host_allocations")).isZero();
    }

    @Test
    void aRingHasSlotsOfSomeSize() {
        assertThatThrownBy(() -> ring(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new StagingRing(cann, stream, 1, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
