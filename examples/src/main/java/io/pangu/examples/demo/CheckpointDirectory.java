package io.pangu.examples.demo;

import io.pangu.examples.demo.CheckpointTensors.NamedTensor;
import io.pangu.examples.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A checkpoint directory that is there whole or not at all: it is written beside its place and moved there by one rename.
 * A small file in it says what it was made from.
 */
final class CheckpointDirectory {
    /** Counts changes to what is written; a directory of another count is made again. */
    private static final int VERSION = 1;

    private static final String STAMP = "pangu-demo.json";
    private static final String WEIGHTS = "model.safetensors";

    private final Path path;
    private final ModelForm form;
    private final String sourceHash;

    /**
     * A directory that may or may not exist.
     *
     * @param sourceHash SHA-256 of the GGUF file
     */
    CheckpointDirectory(Path path, ModelForm form, String sourceHash) {
        this.path = path.toAbsolutePath().normalize();
        this.form = form;
        this.sourceHash = sourceHash;
    }

    Path path() {
        return path;
    }

    /** Whether the directory holds this form of this source, made by this version. */
    boolean isComplete() throws IOException {
        Path stamp = path.resolve(STAMP);
        Path weights = path.resolve(WEIGHTS);
        return Files.isRegularFile(stamp)
                && Files.isRegularFile(weights)
                && Files.readString(stamp).equals(stamp(Files.size(weights)));
    }

    /**
     * Writes the checkpoint, replacing an older one of ours.
     *
     * @throws DemoModelException when something else stands in its place
     */
    void write(GgufFile gguf, Progress progress) throws IOException {
        requireOurPlace();
        Path parent = path.getParent();
        if (parent == null) {
            throw new DemoModelException(path + " cannot hold a checkpoint; name a directory");
        }
        Path scratch = Files.createTempDirectory(Files.createDirectories(parent), "." + path.getFileName() + "-");
        try {
            writeFiles(scratch, gguf, progress);
            putInPlace(scratch);
        } finally {
            delete(scratch);
        }
    }

    private void writeFiles(Path scratch, GgufFile gguf, Progress progress) throws IOException {
        DenseModel model = DenseModel.of(gguf);
        for (Map.Entry<String, String> file : CheckpointJson.of(model, form).entrySet()) {
            Files.writeString(scratch.resolve(file.getKey()), file.getValue());
        }
        List<NamedTensor> tensors = CheckpointTensors.of(model, form);
        long total = SafetensorsWriter.dataBytes(tensors);
        SafetensorsWriter.write(scratch.resolve(WEIGHTS), tensors, written -> progress.show(written, total));
        Files.writeString(scratch.resolve(STAMP), stamp(Files.size(scratch.resolve(WEIGHTS))));
    }

    private void putInPlace(Path scratch) throws IOException {
        // createTempDirectory makes it readable by its owner alone; executors may run as somebody else.
        if (!scratch.toFile().setReadable(true, false) || !scratch.toFile().setExecutable(true, false)) {
            throw new DemoModelException("the permissions of " + scratch + " cannot be set; check the file system");
        }
        if (Files.isRegularFile(path.resolve(STAMP))) {
            delete(path);
        }
        try {
            Files.move(scratch, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (DirectoryNotEmptyException | FileAlreadyExistsException e) {
            if (!isComplete()) {
                throw new DemoModelException(path + " was changed meanwhile; run the command again", e);
            }
        }
    }

    private void requireOurPlace() throws IOException {
        if (!Files.exists(path) || Files.isRegularFile(path.resolve(STAMP))) {
            return;
        }
        if (!Files.isDirectory(path)) {
            throw new DemoModelException(path + " is a file; name a directory for the demo model");
        }
        try (Stream<Path> entries = Files.list(path)) {
            if (entries.findAny().isPresent()) {
                throw new DemoModelException(
                        path + " holds something else than a demo model; name another directory or empty this one");
            }
        }
    }

    private String stamp(long weightBytes) {
        Map<String, Object> stamp = new LinkedHashMap<>();
        stamp.put("made_by", "io.pangu.examples.demo.DemoModel");
        stamp.put("version", VERSION);
        stamp.put("form", form.name());
        stamp.put("source_sha256", sourceHash);
        stamp.put("weight_bytes", weightBytes);
        return JsonText.of(stamp);
    }

    /** Deletes a directory of plain files; nothing happens when it is gone. */
    static void delete(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> entries = Files.walk(directory)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        }
    }
}
