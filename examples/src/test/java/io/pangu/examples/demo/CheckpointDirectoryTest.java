package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pangu.examples.gguf.GgufBytes;
import io.pangu.examples.gguf.GgufException;
import io.pangu.examples.gguf.GgufFile;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfig.GroupedExperts;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.quant.FloatFormat;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointDirectoryTest {
    @TempDir
    Path root;

    private final TinyLlama llama = new TinyLlama();

    @ParameterizedTest
    @EnumSource
    void isACheckpointThatTheEngineReads(ModelForm form) throws IOException {
        Path model = make(form);
        ModelConfig config = ModelConfigReader.read(ModelDirectory.open(model.toString()));
        assertThat(config.architecture().checkpointName()).isEqualTo(form.architecture());
        assertThat(config.hiddenSize()).isEqualTo(TinyLlama.HIDDEN);
        assertThat(config.numKvHeads()).isEqualTo(TinyLlama.KV_HEADS);
        assertThat(config.ropeTheta()).isEqualTo(10_000);
        assertThat(config.rmsNormEpsilon()).isEqualTo(1e-5f);
        assertThat(config.tiesEmbeddings()).isEqualTo(form.isDense());
        assertThat(config.eosTokenIds()).containsExactlyInAnyOrder(2, 0);
        if (!form.isDense()) {
            assertThat(config.feedForward()).isEqualTo(new GroupedExperts(16, 8, 16, 64));
        }
        try (SafetensorsCheckpoint weights = SafetensorsCheckpoint.open(model)) {
            float[][] expected = llama.values("blk.1.attn_output");
            HostMatrix actual = HostMatrix.of(weights.tensor("model.layers.1.self_attn.o_proj.weight"));
            float[] row = new float[actual.cols()];
            for (int r = 0; r < expected.length; r++) {
                actual.readRow(r, row);
                for (int c = 0; c < row.length; c++) {
                    assertThat(FloatFormat.floatToBf16(row[c])).isEqualTo(FloatFormat.floatToBf16(expected[r][c]));
                    assertThat(row[c]).isEqualTo(FloatFormat.bf16ToFloat(FloatFormat.floatToBf16(row[c])));
                }
            }
        }
    }

    @Test
    void isSkippedWhenItIsThereAndWhole() throws IOException {
        Path model = make(ModelForm.MOGE);
        CheckpointDirectory directory = directory(model, ModelForm.MOGE);
        assertThat(directory.isComplete()).isTrue();
        assertThat(directory(model, ModelForm.DENSE).isComplete()).isFalse();
        assertThat(new CheckpointDirectory(model, ModelForm.MOGE, "other").isComplete())
                .isFalse();
        byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
        Files.write(model.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length - 1));
        assertThat(directory.isComplete()).isFalse();
    }

    @Test
    void replacesADamagedOneOfOurs() throws IOException {
        Path model = make(ModelForm.DENSE);
        Files.delete(model.resolve("model.safetensors"));
        write(model, ModelForm.MOGE);
        assertThat(directory(model, ModelForm.MOGE).isComplete()).isTrue();
        assertThat(names(root)).containsExactlyInAnyOrder("tiny.gguf", "model");
    }

    @Test
    void leavesAForeignDirectoryAlone() throws IOException {
        Path foreign = Files.createDirectory(root.resolve("foreign"));
        Files.writeString(foreign.resolve("precious.txt"), "x");
        assertThatExceptionOfType(DemoModelException.class)
                .isThrownBy(() -> write(foreign, ModelForm.MOGE))
                .withMessageContaining("holds something else than a demo model");
        assertThatExceptionOfType(DemoModelException.class)
                .isThrownBy(() -> write(foreign.resolve("precious.txt"), ModelForm.MOGE))
                .withMessageContaining("is a file");
        assertThat(names(foreign)).containsExactly("precious.txt");
    }

    @Test
    void fillsAnEmptyDirectory() throws IOException {
        Path empty = Files.createDirectory(root.resolve("empty"));
        write(empty, ModelForm.MOGE);
        assertThat(directory(empty, ModelForm.MOGE).isComplete()).isTrue();
    }

    @Test
    void canBeReadByOtherUsers() throws IOException {
        assertThat(Files.getPosixFilePermissions(make(ModelForm.MOGE)))
                .contains(PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_EXECUTE);
    }

    @Test
    void leavesNothingBehindWhenTheSourceIsAnotherModel() throws IOException {
        Path gguf = new GgufBytes(1).putText("general.architecture", "gemma").write(root.resolve("other.gguf"));
        try (GgufFile file = GgufFile.open(gguf)) {
            assertThatExceptionOfType(DemoModelException.class)
                    .isThrownBy(() ->
                            directory(root.resolve("model"), ModelForm.MOGE).write(file, (done, total) -> {}))
                    .withMessageContaining("architecture 'gemma'; only 'llama' is carried over");
        }
        assertThat(names(root)).containsExactly("other.gguf");
    }

    @Test
    void leavesNothingBehindWhenATensorIsMissing() throws IOException {
        Path gguf = root.resolve("tiny.gguf");
        byte[] bytes = Files.readAllBytes(llama.write(gguf));
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int at = text.indexOf("blk.1.ffn_down.weight");
        bytes[at] = 'x';
        Files.write(gguf, bytes);
        try (GgufFile file = GgufFile.open(gguf)) {
            assertThatExceptionOfType(GgufException.class)
                    .isThrownBy(() ->
                            directory(root.resolve("model"), ModelForm.MOGE).write(file, (done, total) -> {}))
                    .withMessageContaining("tiny.gguf: there is no tensor 'blk.1.ffn_down.weight'");
        }
        assertThat(names(root)).containsExactly("tiny.gguf");
    }

    @Test
    void progressRisesToTheEnd() throws IOException {
        List<Long> shown = new ArrayList<>();
        try (GgufFile file = GgufFile.open(llama.write(root.resolve("tiny.gguf")))) {
            directory(root.resolve("model"), ModelForm.MOGE).write(file, (done, total) -> {
                shown.add(done);
                assertThat(total).isPositive();
            });
        }
        assertThat(shown).isSorted().hasSize(TinyLlama.LAYERS * 63 + 3);
        assertThat(shown.getLast()).isEqualTo(Files.size(root.resolve("model/model.safetensors")));
    }

    private Path make(ModelForm form) throws IOException {
        Path model = root.resolve("model");
        write(model, form);
        return model;
    }

    private void write(Path target, ModelForm form) throws IOException {
        try (GgufFile file = GgufFile.open(llama.write(root.resolve("tiny.gguf")))) {
            directory(target, form).write(file, (done, total) -> {});
        }
    }

    private static CheckpointDirectory directory(Path path, ModelForm form) {
        return new CheckpointDirectory(path, form, "hash");
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> String.valueOf(entry.getFileName())).toList();
        }
    }
}
