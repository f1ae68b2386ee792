package io.pangu.runtime.weights;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A name for what a checkpoint computes: checkpoints with equal fingerprints give equal outputs. It depends on the
 * content of the configuration and tokenizer files and on every tensor's name, type, quantisation, shape and a sample of its
 * bytes, not on paths, times or how the tensors are spread over shards.
 *
 * <p>Tensors of up to 64 KiB count whole, of larger ones five pages of 4 KiB from the first to the last: a retrained,
 * re-exported or truncated checkpoint differs in practically every one of them, and 72 billion parameters cost about
 * 200 MB of reading instead of 144 GB. A hand that changes single weights between the pages goes unseen.
 */
public final class ModelFingerprint {
    private static final List<String> FILES = List.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja",
            "chat_template.json");

    private static final long WHOLE_BYTES = 64 << 10;
    private static final long PAGE_BYTES = 4 << 10;
    private static final int PAGES = 5;

    private final MessageDigest digest;

    private ModelFingerprint(MessageDigest digest) {
        this.digest = digest;
    }

    /**
     * The fingerprint of a checkpoint: 64 hexadecimal digits.
     *
     * @param directory where the configuration and tokenizer files lie
     * @param weights its tensors, open
     */
    public static String of(Path directory, WeightSource weights) {
        try {
            ModelFingerprint fingerprint = new ModelFingerprint(MessageDigest.getInstance("SHA-256"));
            fingerprint.add("pangu-fingerprint-1");
            for (String file : FILES) {
                if (Files.isRegularFile(directory.resolve(file))) {
                    fingerprint.addFile(directory.resolve(file));
                }
            }
            for (String name : new TreeSet<>(weights.names())) {
                fingerprint.addTensor(
                        weights.tensor(name), weights.quantization().typeOf(name));
            }
            return HexFormat.of().formatHex(fingerprint.digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        } catch (IOException e) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint '" + directory + "' cannot be read (" + e + "); check its files and permissions",
                    Map.of("model", directory.toString()),
                    e);
        }
    }

    private void addFile(Path file) throws IOException {
        add(String.valueOf(file.getFileName()));
        add(Files.size(file));
        byte[] chunk = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        }
    }

    private void addTensor(HostTensor tensor, QuantType type) {
        add(tensor.name());
        add(tensor.dtype().name());
        if (type != QuantType.FLOAT) {
            add(type.name());
        }
        add(tensor.shape().toString());
        MemorySegment data = tensor.data();
        long size = data.byteSize();
        add(size);
        if (size <= WHOLE_BYTES) {
            digest.update(data.asByteBuffer());
            return;
        }
        for (int page = 0; page < PAGES; page++) {
            long at = (size - PAGE_BYTES) / (PAGES - 1) * page;
            long from = page == PAGES - 1 ? size - PAGE_BYTES : at;
            digest.update(data.asSlice(from, PAGE_BYTES).asByteBuffer());
        }
    }

    /** Length first, so that no two sequences of words hash the same bytes. */
    private void add(String word) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        add(bytes.length);
        digest.update(bytes);
    }

    private void add(long number) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
    }
}
