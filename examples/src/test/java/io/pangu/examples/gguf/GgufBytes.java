package io.pangu.examples.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Writes GGUF files for tests: metadata in any order, tensors of random blocks together with what they mean. */
public final class GgufBytes {
    private static final int ALIGNMENT = 32;

    private record Tensor(String name, int type, int rows, int cols, byte[] blocks) {}

    private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
    private int numPairs;
    private final List<Tensor> tensors = new ArrayList<>();
    private final Random random;

    public GgufBytes(long seed) {
        random = new Random(seed);
    }

    public GgufBytes putCount(String key, long value) {
        pair(key, 4).write(little(4).putInt((int) value).array(), 0, 4);
        return this;
    }

    public GgufBytes putNumber(String key, float value) {
        pair(key, 6).write(little(4).putFloat(value).array(), 0, 4);
        return this;
    }

    public GgufBytes putText(String key, String value) {
        text(pair(key, 8), value);
        return this;
    }

    public GgufBytes putTexts(String key, List<String> values) {
        ByteArrayOutputStream out = pair(key, 9);
        out.writeBytes(little(12).putInt(8).putLong(values.size()).array());
        values.forEach(value -> text(out, value));
        return this;
    }

    public GgufBytes putCounts(String key, List<Integer> values) {
        ByteArrayOutputStream out = pair(key, 9);
        out.writeBytes(little(12).putInt(5).putLong(values.size()).array());
        values.forEach(value -> out.writeBytes(little(4).putInt(value).array()));
        return this;
    }

    /** Raw bytes of one metadata value under a key. */
    public GgufBytes putRaw(String key, int type, byte[] value) {
        pair(key, type).writeBytes(value);
        return this;
    }

    /** Adds a tensor with these blocks. */
    public GgufBytes putBlocks(String name, int type, int rows, int cols, byte[] blocks) {
        tensors.add(new Tensor(name, type, rows, cols, blocks));
        return this;
    }

    /** Adds an fp32 tensor and returns its values by row. */
    public float[][] putFloats(String name, int rows, int cols, double deviation) {
        float[][] values = new float[rows][cols];
        byte[] bytes = new byte[4 * rows * cols];
        ByteBuffer blocks = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : values) {
            for (int i = 0; i < cols; i++) {
                row[i] = (float) (1 + random.nextGaussian() * deviation);
                blocks.putFloat(row[i]);
            }
        }
        putBlocks(name, 0, rows, cols, bytes);
        return values;
    }

    /** Adds a tensor of Q4_1 blocks and returns its values by row: d * q + m, low nibbles before high ones. */
    public float[][] putQ41(String name, int rows, int cols, double deviation) {
        float[][] values = new float[rows][cols];
        byte[] bytes = new byte[rows * cols / 32 * 20];
        ByteBuffer blocks = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : values) {
            for (int from = 0; from < cols; from += 32) {
                short step = Float.floatToFloat16((float) (deviation / 4));
                short minimum = Float.floatToFloat16((float) (-2 * deviation + 0.1 * deviation * random.nextDouble()));
                blocks.putShort(step).putShort(minimum);
                int[] quants = random.ints(32, 0, 16).toArray();
                for (int j = 0; j < 16; j++) {
                    blocks.put((byte) (quants[j] + 16 * quants[j + 16]));
                }
                for (int j = 0; j < 32; j++) {
                    row[from + j] = Float.float16ToFloat(step) * quants[j] + Float.float16ToFloat(minimum);
                }
            }
        }
        putBlocks(name, 3, rows, cols, bytes);
        return values;
    }

    /** Adds a tensor of Q8_0 blocks and returns its values by row: d * q. */
    public float[][] putQ80(String name, int rows, int cols, double deviation) {
        float[][] values = new float[rows][cols];
        byte[] bytes = new byte[rows * cols / 32 * 34];
        ByteBuffer blocks = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : values) {
            for (int from = 0; from < cols; from += 32) {
                short step = Float.floatToFloat16((float) (deviation / 64));
                blocks.putShort(step);
                for (int j = 0; j < 32; j++) {
                    int quant = random.nextInt(-128, 128);
                    blocks.put((byte) quant);
                    row[from + j] = Float.float16ToFloat(step) * quant;
                }
            }
        }
        putBlocks(name, 8, rows, cols, bytes);
        return values;
    }

    public byte[] toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(
                little(20).putInt(3).putLong(tensors.size()).putLong(numPairs).array());
        out.writeBytes(pairs.toByteArray());
        long offset = 0;
        for (Tensor tensor : tensors) {
            text(out, tensor.name());
            boolean isVector = tensor.rows() == 1;
            out.writeBytes(
                    little(12).putInt(isVector ? 1 : 2).putLong(tensor.cols()).array());
            if (!isVector) {
                out.writeBytes(little(8).putLong(tensor.rows()).array());
            }
            out.writeBytes(little(12).putInt(tensor.type()).putLong(offset).array());
            offset = aligned(offset + tensor.blocks().length);
        }
        pad(out);
        for (Tensor tensor : tensors) {
            out.writeBytes(tensor.blocks());
            pad(out);
        }
        return out.toByteArray();
    }

    public Path write(Path path) throws IOException {
        return Files.write(path, toBytes());
    }

    private ByteArrayOutputStream pair(String key, int type) {
        numPairs++;
        text(pairs, key);
        pairs.writeBytes(little(4).putInt(type).array());
        return pairs;
    }

    private static void text(ByteArrayOutputStream out, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        out.writeBytes(little(8).putLong(bytes.length).array());
        out.writeBytes(bytes);
    }

    private static void pad(ByteArrayOutputStream out) {
        out.writeBytes(new byte[(int) aligned(out.size()) - out.size()]);
    }

    private static long aligned(long size) {
        return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
