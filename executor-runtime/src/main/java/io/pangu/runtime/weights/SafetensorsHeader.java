package io.pangu.runtime.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The table of contents of a safetensors file, parsed from its JSON and checked against the size of the data that follows.
 * Nothing that it says is believed: extents and offsets are bounded by the file before anyone uses them.
 */
final class SafetensorsHeader {
    /** Bytes of the little-endian length that opens the file. */
    static final int PREFIX_BYTES = 8;

    private static final int MAX_RANK = 8;

    // A header is at most a table of small objects; deeper nesting or longer words are no header of ours.
    static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxStringLength(1 << 20)
                    .maxNameLength(4096)
                    .maxNumberLength(40)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * One tensor's entry.
     *
     * @param begin first byte, counted from the start of the data
     * @param end one past the last byte
     * @param headerOffset where the entry stands in the file, for messages
     */
    record Entry(String name, DType dtype, Shape shape, long begin, long end, long headerOffset) {}

    private final String file;
    private final long dataBytes;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private SafetensorsHeader(String file, long dataBytes) {
        this.file = file;
        this.dataBytes = dataBytes;
    }

    /**
     * Parses and checks a header.
     *
     * @param json the header's bytes
     * @param dataBytes how many bytes follow it in the file
     * @param file name for messages
     * @return the entries by name, in the order of the header
     */
    static Map<String, Entry> parse(MemorySegment json, long dataBytes, String file) {
        SafetensorsHeader header = new SafetensorsHeader(file, dataBytes);
        try (JsonParser parser = JSON.createParser(new ByteBufferBackedInputStream(json.asByteBuffer()))) {
            header.readTable(parser);
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset());
            throw SafetensorsErrors.damaged(
                    file, null, PREFIX_BYTES + at, "the header is not valid JSON (" + e.getOriginalMessage() + ")", e);
        } catch (IOException e) {
            throw SafetensorsErrors.damaged(file, null, PREFIX_BYTES, "the header cannot be read", e);
        }
        header.checkCoverage();
        return header.entries;
    }

    private void readTable(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw bad(null, parser, "the header is not a JSON object");
        }
        while (nextKey(parser, null)) {
            String name = parser.currentName();
            if (name.equals("__metadata__")) {
                parser.nextToken();
                parser.skipChildren();
                continue;
            }
            Entry entry = readEntry(name, parser);
            entries.put(name, entry);
        }
        if (parser.nextToken() != null) {
            throw bad(null, parser, "something follows the header's JSON object");
        }
    }

    private Entry readEntry(String name, JsonParser parser) throws IOException {
        long at = offset(parser);
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw bad(name, parser, "its entry is not a JSON object");
        }
        DType dtype = null;
        long[] dims = null;
        long[] span = null;
        while (nextKey(parser, name)) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "dtype" -> dtype = readDType(name, parser);
                case "shape" -> dims = readLongs(name, key, parser, MAX_RANK);
                case "data_offsets" -> span = readLongs(name, key, parser, 2);
                default -> throw bad(name, parser, "unknown key '" + key + "' in its entry");
            }
        }
        if (dtype == null || dims == null || span == null) {
            throw bad(name, parser, "its entry lacks one of dtype, shape and data_offsets");
        }
        return checkedEntry(name, dtype, dims, span, at);
    }

    private Entry checkedEntry(String name, DType dtype, long[] dims, long[] span, long at) {
        Shape shape;
        long bytes;
        try {
            shape = Shape.of(dims);
            bytes = Math.multiplyExact(shape.elements(), dtype.bytes());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw SafetensorsErrors.damaged(
                    file, name, at, "shape " + Arrays.toString(dims) + " is negative or too large for any memory", e);
        }
        if (span.length != 2) {
            throw SafetensorsErrors.damaged(file, name, at, "data_offsets must be two numbers", null);
        }
        if (span[0] < 0 || span[1] < span[0]) {
            throw SafetensorsErrors.damaged(
                    file, name, at, "data_offsets " + Arrays.toString(span) + " do not ascend", null);
        }
        if (span[1] > dataBytes) {
            throw SafetensorsErrors.damaged(
                    file,
                    name,
                    at,
                    "data_offsets " + Arrays.toString(span) + " end beyond the " + dataBytes
                            + " bytes of data in the file, which is truncated or damaged",
                    null);
        }
        if (span[1] - span[0] != bytes) {
            throw SafetensorsErrors.damaged(
                    file,
                    name,
                    at,
                    "data_offsets " + Arrays.toString(span) + " hold " + (span[1] - span[0]) + " bytes, " + dtype
                            + shape + " needs " + bytes,
                    null);
        }
        return new Entry(name, dtype, shape, span[0], span[1], at);
    }

    /** The format wants the data covered without overlap or hole, which also shows most kinds of damage. */
    private void checkCoverage() {
        List<Entry> byOffset = new ArrayList<>(entries.values());
        byOffset.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long covered = 0;
        for (Entry entry : byOffset) {
            if (entry.begin() != covered) {
                String fault = entry.begin() < covered ? "overlaps the tensor before it" : "leaves a hole before it";
                throw SafetensorsErrors.damaged(
                        file,
                        entry.name(),
                        entry.headerOffset(),
                        "data_offsets [" + entry.begin() + ", " + entry.end() + "] " + fault + ": data up to byte "
                                + covered + " is taken",
                        null);
            }
            covered = entry.end();
        }
        if (covered != dataBytes) {
            throw SafetensorsErrors.damaged(
                    file,
                    null,
                    PREFIX_BYTES,
                    "the tensors end at byte " + covered + " of the data, the file holds " + dataBytes,
                    null);
        }
    }

    private DType readDType(String name, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw bad(name, parser, "dtype is not a string");
        }
        String word = parser.getText();
        return Arrays.stream(DType.values())
                .filter(dtype -> dtype.name().equals(word))
                .findFirst()
                .orElseThrow(() -> bad(
                        name,
                        parser,
                        "dtype '" + SafetensorsErrors.shortened(word) + "' is none of "
                                + Arrays.toString(DType.values())));
    }

    private long[] readLongs(String name, String key, JsonParser parser, int most) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw bad(name, parser, key + " is not an array");
        }
        long[] values = new long[most];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw bad(name, parser, key + " holds something that is not a whole number");
            }
            if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
                throw bad(name, parser, key + " holds a number beyond 64 bits");
            }
            if (count == most) {
                throw bad(name, parser, key + " has more than " + most + " numbers");
            }
            values[count++] = parser.getLongValue();
        }
        return Arrays.copyOf(values, count);
    }

    /** Moves to the next key of the current object; false at its end. */
    private boolean nextKey(JsonParser parser, @Nullable String name) throws IOException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.END_OBJECT) {
            return false;
        }
        if (token != JsonToken.FIELD_NAME) {
            throw bad(name, parser, "the header ends in the middle");
        }
        return true;
    }

    private EngineException bad(@Nullable String name, JsonParser parser, String fault) {
        return SafetensorsErrors.damaged(file, name, offset(parser), fault, null);
    }

    private static long offset(JsonParser parser) {
        return PREFIX_BYTES + Math.max(0, parser.currentTokenLocation().getByteOffset());
    }
}
