package io.pangu.runtime.engine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A golden checkpoint's files in a directory of their own, to be damaged. */
record CheckpointCopy(Path directory) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static CheckpointCopy of(String checkpoint, Path directory) {
        try (Stream<Path> files = Files.list(GoldenCheckpoint.file(checkpoint))) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().startsWith("expected")) {
                    Files.copy(file, directory.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            return new CheckpointCopy(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    CheckpointCopy json(String file, Consumer<ObjectNode> change) {
        try {
            ObjectNode node = (ObjectNode) JSON.readTree(directory.resolve(file).toFile());
            change.accept(node);
            return text(file, node.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    CheckpointCopy text(String file, String text) {
        try {
            Files.writeString(directory.resolve(file), text);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    CheckpointCopy without(String file) {
        try {
            Files.delete(directory.resolve(file));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    CheckpointCopy cutTo(String file, long bytes) {
        try (RandomAccessFile open =
                new RandomAccessFile(directory.resolve(file).toFile(), "rw")) {
            open.setLength(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Changes the header of a safetensors file; the tensors' bytes stay where they are. */
    CheckpointCopy header(String file, Consumer<ObjectNode> change) {
        try {
            byte[] bytes = Files.readAllBytes(directory.resolve(file));
            int length =
                    (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
            ObjectNode node = (ObjectNode) JSON.readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
            change.accept(node);
            byte[] header = node.toString().getBytes(StandardCharsets.UTF_8);
            byte[] data = Arrays.copyOfRange(bytes, 8 + length, bytes.length);
            ByteBuffer all =
                    ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
            Files.write(
                    directory.resolve(file),
                    all.putLong(header.length).put(header).put(data).array());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The files that there are, sorted. */
    List<String> files() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
