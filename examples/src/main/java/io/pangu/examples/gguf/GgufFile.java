package io.pangu.examples.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A GGUF file of version 3, memory-mapped read-only; metadata and tensor table are checked when it is opened. */
public final class GgufFile implements AutoCloseable {
    private final String file;
    private final Arena arena;
    private final Map<String, Object> metadata;
    private final Map<String, GgufTensor> tensors;

    private GgufFile(String file, Arena arena, Map<String, Object> metadata, Map<String, GgufTensor> tensors) {
        this.file = file;
        this.arena = arena;
        this.metadata = metadata;
        this.tensors = tensors;
    }

    /**
     * Maps a file.
     *
     * @throws GgufException when it contradicts the format
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the file; every failure below closes it
    public static GgufFile open(Path path) throws IOException {
        String file = String.valueOf(path.getFileName());
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            GgufHeader header = GgufHeader.parse(bytes, file);
            return new GgufFile(file, arena, header.metadata(), header.tensors());
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Names of all tensors, in the order of the file. */
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    /** A tensor that must be there with these extents; a vector has one row. */
    public GgufTensor tensor(String name, int rows, int cols) {
        GgufTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new GgufException(file + ": there is no tensor '" + name + "'; it is another model");
        }
        if (tensor.rows() != rows || tensor.cols() != cols) {
            throw new GgufException(file + ": tensor '" + name + "' has extents [" + tensor.rows() + ", "
                    + tensor.cols() + "], the metadata imply [" + rows + ", " + cols + "]; it is another model");
        }
        return tensor;
    }

    /** A whole number in 1..2^31 - 1. */
    public int count(String key) {
        if (value(key) instanceof Long number && number > 0 && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw wrong(key, "a positive whole number");
    }

    /** A token id: a whole number in 0..2^31 - 1. */
    public int tokenId(String key) {
        if (value(key) instanceof Long number && number >= 0 && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw wrong(key, "a token id");
    }

    /** A positive, finite number as stored, in fp32. */
    public float number(String key) {
        if (value(key) instanceof Float number && number > 0 && Float.isFinite(number)) {
            return number;
        }
        throw wrong(key, "a positive number");
    }

    /** A string. */
    public String text(String key) {
        if (value(key) instanceof String text) {
            return text;
        }
        throw wrong(key, "a string");
    }

    /** A list of strings. */
    public List<String> texts(String key) {
        if (value(key) instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw wrong(key, "a list of strings");
    }

    /** A list of small whole numbers, each a 32-bit one in the file. */
    public List<Integer> counts(String key) {
        if (value(key) instanceof List<?> list && list.stream().allMatch(Integer.class::isInstance)) {
            return list.stream().map(Integer.class::cast).toList();
        }
        throw wrong(key, "a list of whole numbers");
    }

    private Object value(String key) {
        Object value = metadata.get(key);
        if (value == null) {
            throw new GgufException(file + ": there is no key '" + key + "'; it is another model");
        }
        return value;
    }

    private GgufException wrong(String key, String expected) {
        return new GgufException(file + ": key '" + key + "' is not " + expected + "; it is another model");
    }

    @Override
    public void close() {
        arena.close();
    }
}
