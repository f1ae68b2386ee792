package io.pangu.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.weights.SafetensorsBytes.Floats;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFingerprintTest {
    @TempDir
    Path first;

    @TempDir
    Path second;

    @BeforeEach
    void writeTwins() throws IOException {
        for (Path directory : new Path[] {first, second}) {
            Files.writeString(directory.resolve("config.json"), "{\"a\": 1}");
            Files.writeString(directory.resolve("tokenizer.json"), "{}");
            SafetensorsBytes.write(directory.resolve("model.safetensors"), new Floats("a", 3), new Floats("b", 40_000));
        }
    }

    @Test
    void dependsNeitherOnPathNorOnTime() throws IOException {
        Files.setLastModifiedTime(second.resolve("model.safetensors"), FileTime.fromMillis(1));
        Files.writeString(second.resolve("README.md"), "other");
        assertThat(fingerprint(first)).isEqualTo(fingerprint(second)).matches("[0-9a-f]{64}");
    }

    @Test
    void doesNotDependOnHowTensorsAreSpreadOverShards() throws IOException {
        // The writer counts its bytes modulo 256, so tensors of 256 bytes are equal wherever they stand.
        Files.delete(first.resolve("model.safetensors"));
        Files.delete(second.resolve("model.safetensors"));
        SafetensorsBytes.write(first.resolve("model.safetensors"), new Floats("a", 64), new Floats("b", 64));
        SafetensorsBytes.write(second.resolve("s1.safetensors"), new Floats("b", 64));
        SafetensorsBytes.write(second.resolve("s2.safetensors"), new Floats("a", 64));
        Files.writeString(
                second.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"a\": \"s2.safetensors\", \"b\": \"s1.safetensors\"}}");
        assertThat(fingerprint(first)).isEqualTo(fingerprint(second));
    }

    @Test
    void changesWithAByteOfConfigurationOrTokenizer() throws IOException {
        String before = fingerprint(first);
        Files.writeString(first.resolve("config.json"), "{\"a\": 2}");
        String changed = fingerprint(first);
        Files.writeString(first.resolve("config.json"), "{\"a\": 1}");
        Files.delete(first.resolve("tokenizer.json"));
        assertThat(before).isNotEqualTo(changed).isNotEqualTo(fingerprint(first));
    }

    @Test
    void changesWithAByteOfASmallTensorAndAtBothEndsOfALargeOne() throws IOException {
        Path weights = first.resolve("model.safetensors");
        String before = fingerprint(first);
        long size = Files.size(weights);
        long data = size - 4 * 40_003;
        for (long at : new long[] {data + 7, data + 12, data + 12 + 80_000, size - 1}) {
            flip(weights, at);
            assertThat(fingerprint(first)).as("byte %s", at).isNotEqualTo(before);
            flip(weights, at);
        }
        assertThat(fingerprint(first)).isEqualTo(before);
    }

    @Test
    void changesWithShapesAndNames() throws IOException {
        String before = fingerprint(first);
        SafetensorsBytes.write(first.resolve("model.safetensors"), new Floats("a", 3), new Floats("b", 200, 200));
        String reshaped = fingerprint(first);
        SafetensorsBytes.write(first.resolve("model.safetensors"), new Floats("a", 3), new Floats("c", 40_000));
        assertThat(before).isNotEqualTo(reshaped).isNotEqualTo(fingerprint(first));
    }

    @Test
    void changesWithTheTypeThatADescriptionGivesATensor() throws IOException {
        String before = fingerprint(first);
        Path description = first.resolve("quant_model_description.json");
        Files.writeString(description, "{\"model_quant_type\": \"W8A8\", \"a.weight\": \"FLOAT\"}");
        assertThat(fingerprint(first)).as("all float").isEqualTo(before);
        SafetensorsBytes.write(first.resolve("model.safetensors"), new Floats("a.weight", 3));
        Set<String> fingerprints = new HashSet<>();
        for (String type : List.of("FLOAT", "W8A8", "W8A8_DYNAMIC")) {
            Files.writeString(description, "{\"model_quant_type\": \"W8A8\", \"a.weight\": \"" + type + "\"}");
            fingerprints.add(fingerprint(first));
        }
        assertThat(fingerprints).hasSize(3);
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(at);
            int value = access.read();
            access.seek(at);
            access.write(value ^ 1);
        }
    }

    private static String fingerprint(Path directory) {
        try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(directory)) {
            return ModelFingerprint.of(directory, checkpoint);
        }
    }
}
