package io.pangu.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.SafetensorsBytes.Floats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFilesTest {
    @TempDir
    Path directory = Path.of("");

    private void touch(String... names) throws IOException {
        for (String name : names) {
            Files.createFile(directory.resolve(name));
        }
    }

    private void assertFound(String weights) {
        CheckpointFiles files = CheckpointFiles.find(directory);
        assertThat(files.weights()).isEqualTo(directory.resolve(weights));
        assertThat(files.isIndex()).isEqualTo(weights.endsWith(".json"));
    }

    private void assertRefused(String message) {
        EngineException error = catchThrowableOfType(EngineException.class, () -> CheckpointFiles.find(directory));
        assertThat(error).hasMessage("checkpoint '" + directory + "'" + message);
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
    }

    @Nested
    class Finds {
        @Test
        void theSingleFileBeforeTheIndexOfShards() throws IOException {
            touch("model.safetensors.index.json");
            assertFound("model.safetensors.index.json");
            touch("model.safetensors");
            assertFound("model.safetensors");
            assertThat(CheckpointFiles.find(directory).description()).isEmpty();
        }

        @Test
        void quantisedWeightsBeforeOrdinaryOnes() throws IOException {
            touch("model.safetensors", "quant_model_description.json", "quant_model_weight_w8a8.safetensors");
            assertFound("quant_model_weight_w8a8.safetensors");
            assertThat(CheckpointFiles.find(directory).description())
                    .hasValue(directory.resolve("quant_model_description.json"));
        }

        @Test
        void theIndexOfQuantisedShards() throws IOException {
            touch(
                    "quant_model_description_w8a8.json",
                    "quant_model_weight_w8a8-00001-of-00002.safetensors",
                    "quant_model_weight_w8a8-00002-of-00002.safetensors",
                    "quant_model_weight_w8a8.safetensors.index.json");
            assertFound("quant_model_weight_w8a8.safetensors.index.json");
            assertThat(CheckpointFiles.find(directory).description())
                    .as("the older name")
                    .hasValue(directory.resolve("quant_model_description_w8a8.json"));
        }

        @Test
        void ordinaryNamesBesideADescription() throws IOException {
            touch("model.safetensors.index.json", "quant_model_description.json", "quant_model_description_old.json");
            assertFound("model.safetensors.index.json");
            assertThat(CheckpointFiles.find(directory).description())
                    .as("the plain name before others")
                    .hasValue(directory.resolve("quant_model_description.json"));
        }
    }

    @Nested
    class Refuses {
        @Test
        void quantisedWeightsWithoutADescription() throws IOException {
            touch("quant_model_weight_w8a8.safetensors", "model.safetensors");
            assertRefused(": it has quantised weights (quant_model_weight_w8a8.safetensors) but no"
                    + " quant_model_description.json, which says how each tensor is stored; copy that file, too, from"
                    + " where the quantiser wrote the weights");
        }

        @Test
        void shardsWithoutTheirIndex() throws IOException {
            touch(
                    "quant_model_description.json",
                    "quant_model_weight-00001-of-00002.safetensors",
                    "quant_model_weight-00002-of-00002.safetensors");
            assertRefused(
                    ": it has 2 files of quantised weights and nothing says which to read:"
                            + " 'quant_model_weight-00001-of-00002.safetensors', 'quant_model_weight-00002-of-00002.safetensors';"
                            + " if they are shards, copy their quant_model_weight*.safetensors.index.json, too; else leave one");
        }

        @Test
        void severalIndexes() throws IOException {
            touch(
                    "quant_model_description.json",
                    "quant_model_weight_a.safetensors.index.json",
                    "quant_model_weight_b.safetensors.index.json");
            assertRefused(": it has 2 indexes and nothing says which to read:"
                    + " 'quant_model_weight_a.safetensors.index.json', 'quant_model_weight_b.safetensors.index.json';"
                    + " leave one");
        }

        @Test
        void severalDescriptions() throws IOException {
            touch(
                    "quant_model_description_w8a8.json",
                    "quant_model_description_w8a8_dynamic.json",
                    "quant_model_weight_w8a8.safetensors");
            assertRefused(": it has 2 descriptions of quantised weights: 'quant_model_description_w8a8.json',"
                    + " 'quant_model_description_w8a8_dynamic.json'; leave the one that belongs to the weights");
        }

        @Test
        void descriptionsWithoutWeights() throws IOException {
            touch("quant_model_description.json");
            assertRefused(" has no weights: there is neither quant_model_weight*.safetensors nor model.safetensors nor"
                    + " model.safetensors.index.json; download the *.safetensors files too");
        }

        @Test
        void directoriesThatCannotBeListed() {
            Path file = directory.resolve("nowhere");
            EngineException error = catchThrowableOfType(EngineException.class, () -> CheckpointFiles.find(file));
            assertThat(error.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
            assertThat(error).hasMessageContaining("cannot be listed");
        }
    }

    @Nested
    class Opened {
        @Test
        void goldenCheckpointsHaveTheirQuantisedTensors() {
            Path golden = GoldenCheckpoint.file("moge-w8a8-static");
            try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(golden)) {
                assertThat(checkpoint.names()).hasSize(781);
                HostTensor weight = checkpoint.tensor("model.layers.0.self_attn.k_proj.weight");
                assertThat(weight.dtype()).isEqualTo(DType.I8);
                assertThat(weight.shape()).isEqualTo(Shape.of(64, 128));
                assertThat(checkpoint.quantization().typeOf(weight.name())).isEqualTo(QuantType.W8A8);
            }
        }

        @Test
        void quantisedShardsAreJoinedByTheirIndex() throws IOException {
            SafetensorsBytes.write(directory.resolve("quant_model_weight-1.safetensors"), new Floats("a.weight", 2));
            SafetensorsBytes.write(directory.resolve("quant_model_weight-2.safetensors"), new Floats("b.weight", 3));
            Files.writeString(
                    directory.resolve("quant_model_weight.safetensors.index.json"),
                    "{\"weight_map\": {\"a.weight\": \"quant_model_weight-1.safetensors\","
                            + " \"b.weight\": \"quant_model_weight-2.safetensors\"}}");
            Files.writeString(
                    directory.resolve("quant_model_description.json"),
                    "{\"model_quant_type\": \"W8A8_DYNAMIC\", \"b.weight\": \"W8A8_DYNAMIC\"}");
            try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(directory)) {
                assertThat(checkpoint.names()).containsExactlyInAnyOrder("a.weight", "b.weight");
                assertThat(checkpoint.quantization().typeOf("b.weight")).isEqualTo(QuantType.W8A8_DYNAMIC);
            }
            Files.delete(directory.resolve("quant_model_weight-2.safetensors"));
            EngineException error =
                    catchThrowableOfType(EngineException.class, () -> SafetensorsCheckpoint.open(directory));
            assertThat(error)
                    .hasMessageContaining(
                            "1 of 2 shards that quant_model_weight.safetensors.index.json names are missing");
        }
    }
}
