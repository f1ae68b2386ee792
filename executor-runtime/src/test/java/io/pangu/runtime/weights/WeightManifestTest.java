package io.pangu.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.SafetensorsBytes.Floats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightManifestTest {
    @TempDir
    Path directory;

    @Test
    void acceptsExactlyWhatItNames() throws IOException {
        write(new Floats("a", 2, 3), new Floats("b", 4));
        WeightManifest manifest = new WeightManifest(
                Map.of("a", Shape.of(2, 3), "b", Shape.of(4)), Map.of("lm_head.weight", Shape.of(2, 3)));
        assertThatCode(() -> check(manifest)).doesNotThrowAnyException();
    }

    @Test
    void listsEverythingThatIsWrongInOneError() throws IOException {
        write(new Floats("a", 3, 2), new Floats("c", 1), new Floats("head", 5));
        Map<String, Shape> required = new LinkedHashMap<>();
        required.put("a", Shape.of(2, 3));
        required.put("b", Shape.of(4));
        WeightManifest manifest = new WeightManifest(required, Map.of("head", Shape.of(6)));
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> check(manifest))
                .withMessageStartingWith("checkpoint 'demo': ")
                .withMessageContainingAll(
                        "model.safetensors: tensor 'a' has shape [3, 2], config.json implies [2, 3]",
                        "model.safetensors: tensor 'head' has shape [5], config.json implies [6]",
                        "1 tensors that config.json implies are missing: 'b' [4]",
                        "1 tensors are not part of the model that config.json describes: 'c'",
                        "re-export the checkpoint")
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT));
    }

    @Test
    void refusesTypesThatTheModelDoesNotRead() throws IOException {
        SafetensorsBytes.write(
                directory.resolve("model.safetensors"),
                "{" + SafetensorsBytes.entry("a", "I8", "[4]", "[0,4]") + "}",
                4);
        WeightManifest manifest = new WeightManifest(Map.of("a", Shape.of(4)), Map.of());
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> check(manifest))
                .withMessageContaining("tensor 'a' has type I8, it must be one of [F32, F16, BF16]");
        assertThatCode(() -> check(manifest, Set.of(DType.I8))).doesNotThrowAnyException();
    }

    @Test
    void tensorsMayHaveTypesOfTheirOwn() throws IOException {
        SafetensorsBytes.write(
                directory.resolve("model.safetensors"),
                "{" + SafetensorsBytes.entry("a", "I8", "[4]", "[0,4]") + ","
                        + SafetensorsBytes.entry("b", "I8", "[4]", "[4,8]") + "}",
                8);
        Map<String, Shape> both = Map.of("a", Shape.of(4), "b", Shape.of(4));
        assertThatCode(() ->
                        check(new WeightManifest(both, Map.of(), Map.of("a", Set.of(DType.I8), "b", Set.of(DType.I8)))))
                .doesNotThrowAnyException();
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> check(new WeightManifest(both, Map.of(), Map.of("a", Set.of(DType.I32)))))
                .withMessageContainingAll(
                        "tensor 'a' has type I8, it must be one of [I32]",
                        "tensor 'b' has type I8, it must be one of [F32, F16, BF16]",
                        "or take the config.json that belongs to it");
    }

    @Test
    void remindsOfTheDescriptionOfAQuantisedCheckpoint() throws IOException {
        write(new Floats("a.weight", 2));
        Files.writeString(
                directory.resolve("quant_model_description_w8a8.json"),
                "{\"model_quant_type\": \"W8A8\", \"a.weight\": \"W8A8\"}");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> check(new WeightManifest(Map.of("a.weight", Shape.of(3)), Map.of())))
                .withMessageEndingWith(
                        "config.json implies [3]; re-export the checkpoint or take the config.json and the"
                                + " quant_model_description_w8a8.json that belong to it");
    }

    @Test
    void namesTwentyOfEachKindAndCountsTheRest() throws IOException {
        write(new Floats("z", 1));
        Map<String, Shape> required = new LinkedHashMap<>();
        for (int i = 0; i < 30; i++) {
            required.put("t" + i, Shape.of(1));
        }
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> check(new WeightManifest(required, Map.of())))
                .withMessageContaining("30 tensors that config.json implies are missing: 't0' [1], 't1' [1], ")
                .withMessageContaining("'t19' [1] and 10 more; ");
    }

    private void check(WeightManifest manifest) {
        check(manifest, WeightManifest.FLOATS);
    }

    private void check(WeightManifest manifest, Set<DType> dtypes) {
        try (SafetensorsCheckpoint source = SafetensorsCheckpoint.open(directory)) {
            manifest.check("demo", dtypes, source);
        }
    }

    private void write(Floats... tensors) throws IOException {
        SafetensorsBytes.write(directory.resolve("model.safetensors"), tensors);
    }
}
