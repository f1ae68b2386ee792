package io.pangu.examples.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What stands before the data of a GGUF file: metadata and the table of tensors.
 *
 * @param metadata whole numbers as Long, fp32 as Float, fp64 as Double, truth values as Boolean, strings as String, lists
 *     of strings and of 32-bit whole numbers as List; other lists are skipped
 * @param tensors by name, in the order of the file
 */
record GgufHeader(Map<String, Object> metadata, Map<String, GgufTensor> tensors) {
    private static final int MAGIC = 0x46554747;
    private static final int VERSION = 3;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int INT32 = 5;

    /** Bytes of the plain value types by their number; 0 where the number means something else. */
    private static final int[] VALUE_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

    private static final int MAX_RANK = 4;
    private static final int LEAST_PAIR_BYTES = 13;
    private static final int LEAST_TENSOR_BYTES = 24;

    /** A row of the table of tensors; the offset counts from the start of the data. */
    private record Entry(String name, GgufType type, int rows, int cols, long offset, long bytes, long at) {}

    static GgufHeader parse(MemorySegment bytes, String file) {
        GgufCursor in = new GgufCursor(bytes, file);
        if (in.readInt("the magic number") != MAGIC) {
            throw in.damaged(0, "it does not begin with GGUF");
        }
        int version = in.readInt("the version");
        if (version != VERSION) {
            throw in.damaged(4, "its version is " + Integer.toUnsignedString(version));
        }
        int numTensors = in.readCount(LEAST_TENSOR_BYTES, "the number of tensors");
        int numPairs = in.readCount(LEAST_PAIR_BYTES, "the number of metadata pairs");
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (int i = 0; i < numPairs; i++) {
            long at = in.position();
            String key = in.readString("a metadata key");
            if (metadata.put(key, readValue(in, in.readInt("a value type"), key)) != null) {
                throw in.damaged(at, "metadata key '" + key + "' stands twice");
            }
        }
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < numTensors; i++) {
            entries.add(readEntry(in));
        }
        return new GgufHeader(metadata, place(bytes, in, entries, alignment(in, metadata)));
    }

    private static Object readValue(GgufCursor in, int type, String key) {
        String what = "the value of '" + key + "'";
        if (type == STRING) {
            return in.readString(what);
        }
        if (type == ARRAY) {
            return readArray(in, what);
        }
        ByteBuffer value =
                in.skip(valueBytes(in, type, what), what).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        return switch (type) {
            case 0 -> value.get() & 0xffL;
            case 1 -> (long) value.get();
            case 2 -> value.getShort() & 0xffffL;
            case 3 -> (long) value.getShort();
            case 4 -> value.getInt() & 0xffffffffL;
            case 5 -> (long) value.getInt();
            case 6 -> value.getFloat();
            case 7 -> value.get() != 0;
            case 10, 11 -> value.getLong();
            default -> value.getDouble();
        };
    }

    private static Object readArray(GgufCursor in, String what) {
        int type = in.readInt("the element type of " + what);
        if (type == STRING) {
            int count = in.readCount(Long.BYTES, "the length of " + what);
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                texts.add(in.readString("an element of " + what));
            }
            return List.copyOf(texts);
        }
        int elementBytes = valueBytes(in, type, what);
        int count = in.readCount(elementBytes, "the length of " + what);
        if (type != INT32) {
            in.skip((long) count * elementBytes, what);
            return List.of();
        }
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(in.readInt(what));
        }
        return List.copyOf(numbers);
    }

    private static int valueBytes(GgufCursor in, int type, String what) {
        if (type < 0 || type >= VALUE_BYTES.length || VALUE_BYTES[type] == 0) {
            throw in.damaged(
                    in.position() - Integer.BYTES, what + " is of the unknown type " + Integer.toUnsignedString(type));
        }
        return VALUE_BYTES[type];
    }

    private static long alignment(GgufCursor in, Map<String, Object> metadata) {
        Object value = metadata.getOrDefault("general.alignment", 32L);
        if (value instanceof Long bytes && bytes > 0 && bytes <= 1 << 16 && Long.bitCount(bytes) == 1) {
            return bytes;
        }
        throw in.damaged(in.position(), "general.alignment is not a small power of two");
    }

    private static Entry readEntry(GgufCursor in) {
        long at = in.position();
        String name = in.readString("a tensor name");
        int rank = in.readInt("the rank of '" + name + "'");
        if (rank < 1 || rank > MAX_RANK) {
            throw in.damaged(at, "tensor '" + name + "' has rank " + Integer.toUnsignedString(rank));
        }
        long[] dims = {1, 1, 1, 1};
        for (int i = 0; i < rank; i++) {
            dims[i] = in.readLong("an extent of '" + name + "'");
        }
        int id = in.readInt("the type of '" + name + "'");
        GgufType type = Arrays.stream(GgufType.values())
                .filter(known -> known.id() == id)
                .findFirst()
                .orElseThrow(() -> in.damaged(
                        at,
                        "tensor '" + name + "' is of type " + Integer.toUnsignedString(id) + ", none of "
                                + Arrays.toString(GgufType.values())));
        boolean isMatrix = dims[0] > 0 && dims[1] > 0 && dims[2] == 1 && dims[3] == 1;
        if (!isMatrix || dims[0] > Integer.MAX_VALUE || dims[1] > Integer.MAX_VALUE) {
            throw in.damaged(at, "tensor '" + name + "' of extents " + Arrays.toString(dims) + " is no matrix");
        }
        if (dims[0] % type.blockElements() != 0) {
            throw in.damaged(
                    at, "rows of tensor '" + name + "' hold " + dims[0] + " elements, no whole blocks of " + type);
        }
        // Two ints and a small factor cannot overflow a long.
        long bytes = dims[0] / type.blockElements() * dims[1];
        if (bytes > in.remaining()) {
            throw in.damaged(at, "tensor '" + name + "' is larger than the file");
        }
        long offset = in.readLong("the offset of '" + name + "'");
        return new Entry(name, type, (int) dims[1], (int) dims[0], offset, bytes * type.blockBytes(), at);
    }

    private static Map<String, GgufTensor> place(
            MemorySegment bytes, GgufCursor in, List<Entry> entries, long alignment) {
        long dataStart = (in.position() + alignment - 1) / alignment * alignment;
        long dataBytes = Math.max(0, bytes.byteSize() - dataStart);
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.offset() < 0
                    || entry.offset() % alignment != 0
                    || entry.bytes() > dataBytes
                    || entry.offset() > dataBytes - entry.bytes()) {
                throw in.damaged(
                        entry.at(),
                        "tensor '" + entry.name() + "' of " + entry.bytes() + " bytes at "
                                + Long.toUnsignedString(entry.offset()) + " does not lie within the " + dataBytes
                                + " bytes of data");
            }
            MemorySegment data = bytes.asSlice(dataStart + entry.offset(), entry.bytes());
            GgufTensor tensor = new GgufTensor(entry.name(), entry.type(), entry.rows(), entry.cols(), data);
            if (tensors.put(entry.name(), tensor) != null) {
                throw in.damaged(entry.at(), "tensor '" + entry.name() + "' stands twice");
            }
        }
        requireDisjoint(in, entries);
        return tensors;
    }

    private static void requireDisjoint(GgufCursor in, List<Entry> entries) {
        long end = 0;
        for (Entry entry :
                entries.stream().sorted(Comparator.comparingLong(Entry::offset)).toList()) {
            if (entry.offset() < end) {
                throw in.damaged(entry.at(), "tensor '" + entry.name() + "' overlaps another");
            }
            end = entry.offset() + entry.bytes();
        }
    }
}
