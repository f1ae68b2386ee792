package io.pangu.runtime.backend.cpu.ffi;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.GemmShape;
import io.pangu.runtime.backend.cpu.math.BlockKernels.PagedHead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Every set of kernels in the library, held to the contract where this machine runs it. */
class NativeBlockKernelsTest {
    @Nested
    class Avx512 extends NativeSetContract {
        Avx512() {
            super("avx512");
        }
    }

    @Nested
    class Avx2 extends NativeSetContract {
        Avx2() {
            super("avx2");
        }
    }

    @Nested
    class Neon extends NativeSetContract {
        Neon() {
            super("neon");
        }
    }

    private static BlockKernels kernels() {
        return NativeSetContract.require(NativeBlockKernels.load());
    }

    @Test
    void refusesMemoryOnTheHeap() {
        MemorySegment heap = MemorySegment.ofArray(new float[16]);
        assertThatThrownBy(() -> kernels().swiGlu(heap, heap, heap, 16))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("off-heap");
    }

    @Test
    void refusesWeightsThatAreNotAligned() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(32 * 4, 64);
            MemorySegment w = arena.allocate(64 * 32 * 4 + 4, 64).asSlice(4);
            MemorySegment y = arena.allocate(64 * 4, 64);
            assertThatThrownBy(() -> kernels().gemmF32(x, w, y, new GemmShape(1, 64, 32, 64), 0, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("64 bytes");
        }
    }

    @Test
    void refusesMemoryThatIsClosed() {
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(64, 64);
        }
        assertThatThrownBy(() -> kernels().argmaxRow(closed, 16))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void refusesToWriteWhereWritingIsForbidden() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(64, 64);
            assertThatThrownBy(() -> kernels().addScaled(x, 1, x.asReadOnly(), 16))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("read-only");
        }
    }

    @Test
    void refusesShapesThatContradictThemselves() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(1 << 16, 64);
            for (GemmShape wrong : new GemmShape[] {
                new GemmShape(1, 64, 31, 64), new GemmShape(1, 64, 32, 63), new GemmShape(-1, 64, 32, 64)
            }) {
                assertThatThrownBy(() -> kernels().gemmF32(memory, memory, memory, wrong, 0, 1))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            GemmShape shape = new GemmShape(1, 64, 32, 64);
            assertThatThrownBy(() -> kernels().gemmBf16(memory, memory, memory, shape, 0, 2))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> kernels().gemmBf16(memory, memory, memory, shape, 1, 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void refusesCachesThatContradictThemselves() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(1 << 16, 64);
            for (PagedHead wrong : new PagedHead[] {
                new PagedHead(memory, memory, memory, 2, 2, 16, 16),
                new PagedHead(memory, memory, memory, -1, 2, 16, 16),
                new PagedHead(memory, memory, memory, 0, 2, 8, 16),
                new PagedHead(memory, memory, memory, 0, 2, 16, 15),
                new PagedHead(memory, memory, memory, 0, 2, 0, 16)
            }) {
                assertThatThrownBy(() -> kernels().attendHeads(memory, 1, wrong, 1, 1, memory))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }
}
