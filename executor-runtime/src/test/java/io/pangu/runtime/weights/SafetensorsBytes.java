package io.pangu.runtime.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Writes safetensors files for tests, well-formed or with whatever header a test wants. */
final class SafetensorsBytes {
    private SafetensorsBytes() {}

    /** A tensor of F32 zeros but for its first element. */
    record Floats(String name, long... dims) {
        int elements() {
            return (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        }
    }

    /** A file with this header text and this many bytes of data, each byte its own index. */
    static Path write(Path path, String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        for (int i = 0; i < dataBytes; i++) {
            bytes.put((byte) i);
        }
        return Files.write(path, bytes.array());
    }

    /** A well-formed file of F32 tensors. */
    static Path write(Path path, Floats... tensors) throws IOException {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        int end = 0;
        for (Floats tensor : tensors) {
            int begin = end;
            end += 4 * tensor.elements();
            String dims = Arrays.stream(tensor.dims()).mapToObj(Long::toString).collect(Collectors.joining(","));
            header.append(",\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                    .formatted(tensor.name(), dims, begin, end));
        }
        return write(path, header + "}", end);
    }

    /** One entry of a header. */
    static String entry(String name, String dtype, String shape, String offsets) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}".formatted(name, dtype, shape, offsets);
    }
}
