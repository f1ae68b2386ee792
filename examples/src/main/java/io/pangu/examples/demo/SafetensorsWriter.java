package io.pangu.examples.demo;

import io.pangu.examples.demo.CheckpointTensors.NamedTensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** Writes tensors as bf16 into one safetensors file, row by row. */
final class SafetensorsWriter {
    private static final int ALIGNMENT = 8;

    private SafetensorsWriter() {}

    /**
     * Writes a file.
     *
     * @param written told the bytes written so far, after every tensor
     */
    static void write(Path path, List<NamedTensor> tensors, LongConsumer written) throws IOException {
        byte[] header = header(tensors);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 20)) {
            out.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            long total = (long) Long.BYTES + header.length;
            for (NamedTensor tensor : tensors) {
                writeRows(out, tensor.values());
                total += bytes(tensor);
                written.accept(total);
            }
        }
    }

    /** Size of the data without the header, in bytes. */
    static long dataBytes(List<NamedTensor> tensors) {
        return tensors.stream().mapToLong(SafetensorsWriter::bytes).sum();
    }

    /** The bf16 nearest to a finite value, ties to even. */
    static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static void writeRows(OutputStream out, Matrix values) throws IOException {
        float[] row = new float[values.cols()];
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(Short.BYTES, row.length)).order(ByteOrder.LITTLE_ENDIAN);
        for (int r = 0; r < values.rows(); r++) {
            values.source().read(r, row);
            bytes.clear();
            for (float value : row) {
                if (!Float.isFinite(value)) {
                    throw new DemoModelException("a weight is " + value + "; the source file is damaged");
                }
                bytes.putShort(bf16(value));
            }
            out.write(bytes.array());
        }
    }

    private static byte[] header(List<NamedTensor> tensors) {
        Map<String, Object> entries = new LinkedHashMap<>();
        entries.put("__metadata__", Map.of("format", "pt"));
        long end = 0;
        for (NamedTensor tensor : tensors) {
            long begin = end;
            end += bytes(tensor);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", "BF16");
            entry.put("shape", tensor.dims());
            entry.put("data_offsets", List.of(begin, end));
            if (entries.put(tensor.name(), entry) != null) {
                throw new IllegalArgumentException(tensor.name() + " stands twice");
            }
        }
        byte[] json = JsonText.of(entries).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static long bytes(NamedTensor tensor) {
        return (long) Short.BYTES * tensor.values().rows() * tensor.values().cols();
    }
}
