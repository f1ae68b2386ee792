package io.pangu.runtime.weights;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The weights of a checkpoint directory: one file, or the shards that an index names, as {@link CheckpointFiles} finds them.
 * Thread-safe. Tensors that no model reads are left out: those named {@code *.rotary_emb.inv_freq},
 * {@code *kv_cache_offset} or containing {@code module} (model-spec 2).
 */
public final class SafetensorsCheckpoint implements WeightSource {
    private final List<SafetensorsFile> files;
    private final QuantDescription quantization;
    private final Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();

    private SafetensorsCheckpoint(List<SafetensorsFile> files, QuantDescription quantization) {
        this.files = List.copyOf(files);
        this.quantization = quantization;
        for (SafetensorsFile file : files) {
            for (String name : file.names()) {
                if (!isIgnored(name)) {
                    fileOf.put(name, file);
                }
            }
        }
    }

    /**
     * Maps a checkpoint's weights and checks that its files agree with each other.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} when files are missing, damaged or contradict the index,
     *     {@code UNSUPPORTED_MODEL} when they are quantised in a way that this engine does not read
     */
    public static SafetensorsCheckpoint open(Path directory) {
        CheckpointFiles files = CheckpointFiles.find(directory);
        QuantDescription quantization =
                files.description().map(QuantDescriptionReader::read).orElse(QuantDescription.FLOAT);
        return files.isIndex()
                ? openShards(directory, ShardIndex.read(files.weights()), quantization)
                : new SafetensorsCheckpoint(List.of(SafetensorsFile.open(files.weights())), quantization);
    }

    private static SafetensorsCheckpoint openShards(Path directory, ShardIndex index, QuantDescription quantization) {
        SortedMap<String, Set<String>> tensorsByShard = index.tensorsByShard();
        List<String> absent = tensorsByShard.keySet().stream()
                .filter(shard -> !Files.isRegularFile(directory.resolve(shard)))
                .toList();
        if (!absent.isEmpty()) {
            throw SafetensorsErrors.inconsistent(
                    directory.toString(),
                    absent.size() + " of " + tensorsByShard.size() + " shards that " + index.file()
                            + " names are missing: " + SafetensorsErrors.listed(absent),
                    "finish downloading the checkpoint");
        }
        SortedMap<String, SafetensorsFile> shards = new TreeMap<>();
        try {
            for (String shard : tensorsByShard.keySet()) {
                shards.put(shard, SafetensorsFile.open(directory.resolve(shard)));
            }
            requireAgreement(index, tensorsByShard, shards);
            return new SafetensorsCheckpoint(List.copyOf(shards.values()), quantization);
        } catch (RuntimeException | Error e) {
            shards.values().forEach(SafetensorsFile::close);
            throw e;
        }
    }

    private static void requireAgreement(
            ShardIndex index,
            SortedMap<String, Set<String>> tensorsByShard,
            SortedMap<String, SafetensorsFile> shards) {
        List<String> faults = new ArrayList<>();
        shards.forEach((shard, file) -> {
            Set<String> indexed = tensorsByShard.getOrDefault(shard, Set.of());
            Set<String> stored = file.names();
            List<String> lacking = indexed.stream()
                    .filter(name -> !isIgnored(name) && !stored.contains(name))
                    .toList();
            List<String> unknown = stored.stream()
                    .filter(name -> !isIgnored(name) && !indexed.contains(name))
                    .toList();
            if (!lacking.isEmpty()) {
                faults.add(shard + " lacks " + lacking.size() + " tensors that the index places there: "
                        + SafetensorsErrors.listed(lacking));
            }
            if (!unknown.isEmpty()) {
                faults.add(shard + " holds " + unknown.size() + " tensors that the index does not place there: "
                        + SafetensorsErrors.listed(unknown));
            }
        });
        if (!faults.isEmpty()) {
            throw SafetensorsErrors.inconsistent(
                    index.file(),
                    String.join("; ", faults),
                    "index and shards are not of the same checkpoint: download both again");
        }
    }

    private static boolean isIgnored(String name) {
        return name.endsWith(".rotary_emb.inv_freq") || name.endsWith("kv_cache_offset") || name.contains("module");
    }

    /** Size of all files in bytes. */
    public long sizeBytes() {
        return files.stream().mapToLong(SafetensorsFile::sizeBytes).sum();
    }

    /** The files in the order of their names. */
    List<SafetensorsFile> files() {
        return files;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(fileOf.keySet()));
    }

    @Override
    public QuantDescription quantization() {
        return quantization;
    }

    @Override
    public HostTensor tensor(String name) {
        SafetensorsFile file = fileOf.get(name);
        if (file == null) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    "the checkpoint has no tensor '" + name + "'; export it again",
                    Map.of("tensor", name),
                    null);
        }
        return file.tensor(name);
    }

    @Override
    public void close() {
        files.reversed().forEach(SafetensorsFile::close);
    }
}
