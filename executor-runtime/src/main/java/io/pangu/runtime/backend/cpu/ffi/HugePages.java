package io.pangu.runtime.backend.cpu.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Memory for what is read at full bandwidth: weights and caches. Large regions lie in 2 MiB pages where the kernel grants
 * them ({@code madvise}), which reads about a fifth faster than 4 KiB pages; they are not touched here, because pages come on
 * first touch. Small regions, and all where there is no {@code mmap}, come from an arena. Either is zero at first.
 */
public final class HugePages {
    /** Alignment and granule of large regions, in bytes. */
    public static final long PAGE_BYTES = 2L << 20;

    /** Alignment of every region, in bytes. */
    public static final long ALIGNMENT = 64;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_HUGEPAGE = 14;
    private static final long MAP_FAILED = -1;

    private static final Optional<Calls> CALLS = Calls.link();

    private HugePages() {}

    /**
     * One piece of memory, given back on close; the segment may be used by any thread until then.
     *
     * @param arena owner of the memory
     * @param segment of the size asked for, its start aligned to {@link #ALIGNMENT}, or to {@link #PAGE_BYTES} from that
     *     size on where there is {@code mmap}
     */
    public record Region(Arena arena, MemorySegment segment) implements AutoCloseable {
        @Override
        public void close() {
            arena.close();
        }
    }

    /**
     * Fresh memory; the caller owns it.
     *
     * @throws EngineException {@code OUT_OF_MEMORY} when the system has no more
     */
    @SuppressWarnings("MustBeClosedChecker") // the region closes the arena
    public static Region allocate(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a region of " + bytes + " bytes");
        }
        if (bytes >= PAGE_BYTES && CALLS.isPresent()) {
            return map(CALLS.get(), bytes);
        }
        Arena arena = Arena.ofShared();
        try {
            return new Region(
                    arena, arena.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes));
        } catch (OutOfMemoryError e) {
            arena.close();
            throw outOfMemory(bytes, e);
        }
    }

    /** Maps a page more than is needed and gives the ends back, so that the start is aligned. */
    @SuppressWarnings({"restricted", "MustBeClosedChecker"})
    private static Region map(Calls calls, long bytes) {
        long length = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        long mapped = calls.map(length + PAGE_BYTES);
        if (mapped == MAP_FAILED) {
            throw outOfMemory(bytes, null);
        }
        long start = (mapped + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        if (start > mapped) {
            calls.unmap(mapped, start - mapped);
        }
        // start is at most one page less a small one behind, so something is always left at the end
        calls.unmap(start + length, mapped + PAGE_BYTES - start);
        calls.adviseHugePages(start, length);
        Arena arena = Arena.ofShared();
        MemorySegment segment =
                MemorySegment.ofAddress(start).reinterpret(bytes, arena, ignored -> calls.unmap(start, length));
        return new Region(arena, segment);
    }

    private static EngineException outOfMemory(long bytes, @Nullable Throwable cause) {
        return new EngineException(
                ErrorCode.OUT_OF_MEMORY,
                "the system has no " + bytes
                        + " bytes of memory left for weights or cache; give the process more memory,"
                        + " or make the cache smaller",
                Map.of("bytes", Long.toString(bytes)),
                cause);
    }

    /** The system calls, as libc has them on Linux. */
    private record Calls(MethodHandle mmap, MethodHandle madvise, MethodHandle munmap) {
        static Optional<Calls> link() {
            if (!System.getProperty("os.name", "").equals("Linux")) {
                return Optional.empty();
            }
            NativeSymbols symbols = new NativeSymbols(Linker.nativeLinker().defaultLookup());
            Calls calls = new Calls(
                    symbols.function(
                            "mmap",
                            FunctionDescriptor.of(
                                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG)),
                    symbols.function("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT)),
                    symbols.function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG)));
            return symbols.missing().isEmpty() ? Optional.of(calls) : Optional.empty();
        }

        long map(long length) {
            try {
                return (long) mmap.invokeExact(0L, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
            } catch (Throwable e) {
                throw failed("mmap", e);
            }
        }

        /** Advice only: where the kernel does not take it, pages stay small. */
        void adviseHugePages(long start, long length) {
            try {
                int ignored = (int) madvise.invokeExact(start, length, MADV_HUGEPAGE);
            } catch (Throwable e) {
                throw failed("madvise", e);
            }
        }

        void unmap(long start, long length) {
            try {
                int status = (int) munmap.invokeExact(start, length);
                assert status == 0 : "munmap of " + length + " bytes";
            } catch (Throwable e) {
                throw failed("munmap", e);
            }
        }

        private static EngineException failed(String function, Throwable cause) {
            return new EngineException(ErrorCode.INTERNAL, "while trying to call " + function + ": " + cause, cause);
        }
    }
}
