package io.pangu.runtime.weights;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * One safetensors file, memory-mapped read-only and checked in every header field when it is opened. Thread-safe; its
 * tensors live until it is closed. The file must not be shortened while it is open.
 *
 * <p>Tensors lie at whatever byte the file puts them: read them with unaligned layouts.
 */
public final class SafetensorsFile implements WeightSource {
    /** The format's own limit. */
    private static final long MAX_HEADER_BYTES = 100_000_000;

    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String file;
    private final Arena arena;
    private final MemorySegment mapped;
    private final long headerBytes;
    private final Map<String, SafetensorsHeader.Entry> entries;

    private SafetensorsFile(
            String file,
            Arena arena,
            MemorySegment mapped,
            long headerBytes,
            Map<String, SafetensorsHeader.Entry> entries) {
        this.file = file;
        this.arena = arena;
        this.mapped = mapped;
        this.headerBytes = headerBytes;
        this.entries = entries;
    }

    /**
     * Maps a file and checks its header.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} naming file, tensor and offset when the file is not what the
     *     format demands
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the file; every failure below closes it
    public static SafetensorsFile open(Path path) {
        String file = String.valueOf(path.getFileName());
        Arena arena = Arena.ofShared();
        try {
            MemorySegment mapped = map(path, arena);
            long headerBytes = headerBytes(mapped, file);
            long dataStart = SafetensorsHeader.PREFIX_BYTES + headerBytes;
            MemorySegment json = mapped.asSlice(SafetensorsHeader.PREFIX_BYTES, headerBytes);
            Map<String, SafetensorsHeader.Entry> entries =
                    SafetensorsHeader.parse(json, mapped.byteSize() - dataStart, file);
            return new SafetensorsFile(file, arena, mapped, headerBytes, entries);
        } catch (NoSuchFileException e) {
            arena.close();
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    path + " does not exist; download the checkpoint again",
                    Map.of("file", path.toString()),
                    e);
        } catch (IOException e) {
            arena.close();
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    path + " cannot be mapped (" + e.getMessage() + "); check that it is a readable file",
                    Map.of("file", path.toString()),
                    e);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment map(Path path, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    private static long headerBytes(MemorySegment mapped, String file) {
        long size = mapped.byteSize();
        if (size < SafetensorsHeader.PREFIX_BYTES) {
            throw SafetensorsErrors.damaged(file, null, 0, "a file of " + size + " bytes has no header", null);
        }
        long bytes = mapped.get(LENGTH, 0);
        if (bytes < 2 || bytes > MAX_HEADER_BYTES || bytes > size - SafetensorsHeader.PREFIX_BYTES) {
            throw SafetensorsErrors.damaged(
                    file,
                    null,
                    0,
                    "it announces a header of " + Long.toUnsignedString(bytes) + " bytes in a file of " + size,
                    null);
        }
        return bytes;
    }

    /** The file's name, without its directory. */
    public String file() {
        return file;
    }

    /** Size of the whole file in bytes. */
    public long sizeBytes() {
        return mapped.byteSize();
    }

    /** Length prefix and header as they stand in the file. */
    MemorySegment header() {
        return mapped.asSlice(0, SafetensorsHeader.PREFIX_BYTES + headerBytes);
    }

    /** The bytes of all tensors. */
    MemorySegment data() {
        return mapped.asSlice(SafetensorsHeader.PREFIX_BYTES + headerBytes);
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    @Override
    public HostTensor tensor(String name) {
        SafetensorsHeader.Entry entry = entries.get(name);
        if (entry == null) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    file + ": there is no tensor '" + name + "'; export the checkpoint again",
                    Map.of("file", file, "tensor", name),
                    null);
        }
        MemorySegment span = data().asSlice(entry.begin(), entry.end() - entry.begin());
        return new HostTensor(name, entry.dtype(), entry.shape(), span, file);
    }

    @Override
    public void close() {
        arena.close();
    }
}
