package io.pangu.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.SafetensorsBytes.Floats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsCheckpointTest {
    @TempDir
    Path directory;

    @Nested
    class Opening {
        @Test
        void readsASingleFile() {
            try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(GoldenCheckpoint.file("moge-tiny"))) {
                assertThat(checkpoint.names()).hasSize(417);
                assertThat(checkpoint.tensor("lm_head.weight").shape()).isEqualTo(Shape.of(384, 160));
            }
        }

        @Test
        void joinsShardsAndLeavesOutWhatNoModelReads() {
            try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(GoldenCheckpoint.file("moge-wide"))) {
                assertThat(checkpoint.files()).hasSize(3);
                assertThat(checkpoint.names())
                        .contains("model.embed_tokens.weight", "lm_head.weight", "model.norm.weight")
                        .noneMatch(name -> name.endsWith("inv_freq"));
                assertThat(checkpoint.files().stream().flatMap(file -> file.names().stream()))
                        .anyMatch(name -> name.endsWith("inv_freq"));
                for (String name : checkpoint.names()) {
                    HostTensor tensor = checkpoint.tensor(name);
                    assertThat(tensor.data().byteSize())
                            .isEqualTo(tensor.shape().elements() * 2);
                }
            }
        }

        @Test
        void leavesOutTensorsOfOtherTools() throws IOException {
            SafetensorsBytes.write(
                    directory.resolve("model.safetensors"),
                    new Floats("a", 1),
                    new Floats("model.layers.0.self_attn.rotary_emb.inv_freq", 1),
                    new Floats("model.layers.0.self_attn.k_proj.kv_cache_offset", 1),
                    new Floats("model.layers.0.module.weight", 1));
            try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(directory)) {
                assertThat(checkpoint.names()).containsExactly("a");
            }
        }

        @Test
        void saysThatThereAreNoWeights() {
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "has no weights: there is neither model.safetensors nor model.safetensors.index.json",
                    "download the *.safetensors files too");
        }

        @Test
        void saysThatPickledWeightsMustBeConverted() throws IOException {
            Files.createFile(directory.resolve("pytorch_model-00001-of-00002.bin"));
            assertRefused(ErrorCode.INVALID_CHECKPOINT, "in PyTorch's format: convert them to safetensors");
        }
    }

    @Nested
    class Sharded {
        @Test
        void listsEveryMissingShard() throws IOException {
            shard("s2", "b");
            index(Map.of("a", "s1.safetensors", "b", "s2.safetensors", "c", "s3.safetensors"));
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "2 of 3 shards that model.safetensors.index.json names are missing: 's1.safetensors', 's3.safetensors'",
                    "finish downloading the checkpoint");
        }

        @Test
        void listsWhatShardsLackAndWhatTheIndexDoesNotKnow() throws IOException {
            shard("s1", "a", "x", "rotary_emb.module");
            shard("s2", "c");
            index(Map.of("a", "s1.safetensors", "b", "s1.safetensors", "c", "s2.safetensors", "d", "s2.safetensors"));
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "s1.safetensors lacks 1 tensors that the index places there: 'b'",
                    "s1.safetensors holds 1 tensors that the index does not place there: 'x'",
                    "s2.safetensors lacks 1 tensors that the index places there: 'd'");
        }

        @Test
        void refusesATensorInTheWrongShard() throws IOException {
            shard("s1", "a", "b");
            shard("s2", "b");
            index(Map.of("a", "s1.safetensors", "b", "s2.safetensors"));
            assertRefused(ErrorCode.INVALID_CHECKPOINT, "s1.safetensors holds 1 tensors that the index does not place");
        }

        @Test
        void cutsLongLists() throws IOException {
            Map<String, String> map = new LinkedHashMap<>();
            for (int i = 100; i < 150; i++) {
                map.put("tensor" + i, "s1.safetensors");
            }
            shard("s1", "tensor100");
            index(map);
            assertRefused(ErrorCode.INVALID_CHECKPOINT, "lacks 49 tensors", "'tensor120' and 29 more");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "../s1.safetensors",
                    "/etc/s1.safetensors",
                    "sub/s1.safetensors",
                    "..\\s1.safetensors",
                    "C:s1.safetensors",
                    "s1\n.safetensors",
                    "passwd",
                    ""
                })
        void refusesShardNamesThatLeaveTheDirectory(String shard) throws IOException {
            shard("s1", "a");
            index(Map.of("a", shard.replace("\\", "\\\\").replace("\n", "\\n")));
            assertRefused(ErrorCode.INVALID_CHECKPOINT, "is not a plain name of a .safetensors file");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    "[]",
                    "{}",
                    "{\"weight_map\": 3}",
                    "{\"weight_map\": {}}",
                    "{\"weight_map\": {\"a\": 3}}",
                    "{\"weight_map\": {\"a\"",
                    "{\"weight_map\": {\"a\": \"s1.safetensors\", \"a\": \"s1.safetensors\"}}"
                })
        void refusesABrokenIndex(String json) throws IOException {
            shard("s1", "a");
            Files.writeString(directory.resolve("model.safetensors.index.json"), json);
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT, "model.safetensors.index.json: ", "download the checkpoint again");
        }

        @Test
        void namesTheShardThatIsTruncated() throws IOException {
            shard("s1", "a");
            shard("s2", "b");
            index(Map.of("a", "s1.safetensors", "b", "s2.safetensors"));
            Path second = directory.resolve("s2.safetensors");
            byte[] bytes = Files.readAllBytes(second);
            Files.write(second, Arrays.copyOf(bytes, bytes.length - 2));
            assertRefused(ErrorCode.INVALID_CHECKPOINT, "s2.safetensors: tensor 'b': data_offsets [0, 4] end beyond");
        }
    }

    private void shard(String name, String... tensors) throws IOException {
        SafetensorsBytes.write(
                directory.resolve(name + ".safetensors"),
                Stream.of(tensors).map(tensor -> new Floats(tensor, 1)).toArray(Floats[]::new));
    }

    private void index(Map<String, String> shardOf) {
        String map = shardOf.entrySet().stream()
                .map(e -> "\"" + e.getKey() + "\": \"" + e.getValue() + "\"")
                .collect(Collectors.joining(", "));
        try {
            Files.writeString(
                    directory.resolve("model.safetensors.index.json"),
                    "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {" + map + "}}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertRefused(ErrorCode code, String... parts) {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> SafetensorsCheckpoint.open(directory).close())
                .withMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.code()).isEqualTo(code));
    }
}
