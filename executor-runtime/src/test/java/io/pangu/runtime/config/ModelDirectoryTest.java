package io.pangu.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDirectoryTest {
    @TempDir
    Path directory;

    @Test
    void opensADirectoryWithAConfig() throws IOException {
        Files.createFile(directory.resolve("config.json"));
        assertThat(ModelDirectory.open(directory.toString()).configFile()).exists();
    }

    @Test
    void saysThatThereIsNoSuchDirectory() {
        String name = directory.resolve("absent").toString();
        assertNotFound(
                name, "model directory '" + name + "' does not exist on this machine; name a checkpoint directory");
    }

    @Test
    void saysThatThePathIsAFile() throws IOException {
        Path file = Files.createFile(directory.resolve("model.safetensors"));
        assertNotFound(file.toString(), "is a file; name the directory that holds config.json");
    }

    @Test
    void saysThatTheDirectoryIsNoCheckpoint() {
        assertNotFound(directory.toString(), "holds no config.json and so is no checkpoint; name the directory");
    }

    @Test
    void saysThatAnEmptyOrImpossibleNameIsNoPath() {
        assertNotFound(" ", "is an empty path");
        assertNotFound("a\0b", "is not a path");
    }

    private static void assertNotFound(String name, String message) {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> ModelDirectory.open(name))
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND))
                .satisfies(e -> assertThat(e.context()).containsEntry("model", name));
    }
}
