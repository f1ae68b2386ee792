package io.pangu.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.weights.SafetensorsBytes.Floats;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a file holds, it is either read within its bounds or refused with our own exception. */
class SafetensorsFuzzTest {
    private static final long SEED = 20261124;
    private static final int ROUNDS = 6000;
    private static final List<String> WORDS = List.of(
            "-1",
            "0",
            "9223372036854775807",
            "99999999999999999999",
            "1e9",
            "\"F64\"",
            "\"BOOL\"",
            "null",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\u0000",
            "__metadata__",
            "data_offsets",
            "shape",
            "\0",
            "\u00e9");

    @TempDir
    Path directory;

    @Test
    void onlyOurExceptionComesOutOfMutatedFiles() throws IOException {
        Path path = directory.resolve("x.safetensors");
        byte[] whole = Files.readAllBytes(SafetensorsBytes.write(
                path, new Floats("model.norm.weight", 3), new Floats("b", 2, 2), new Floats("c")));
        Random random = new Random(SEED);
        int read = 0;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Files.write(path, mutate(whole, random));
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                readEverything(file);
                read++;
            } catch (EngineException e) {
                assertThat(e).hasMessageStartingWith("x.safetensors: ").hasMessageContaining("(at byte ");
                refused++;
            }
        }
        assertThat(refused).as("seed %s", SEED).isGreaterThan(ROUNDS / 2);
        assertThat(read).as("seed %s", SEED).isGreaterThan(ROUNDS / 100);
    }

    private static void readEverything(SafetensorsFile file) {
        for (String name : file.names()) {
            HostTensor tensor = file.tensor(name);
            assertThat(tensor.data().byteSize())
                    .isEqualTo(tensor.shape().elements() * tensor.dtype().bytes())
                    .isLessThan(1000);
            assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE))
                    .hasSize((int) tensor.data().byteSize());
        }
    }

    private static byte[] mutate(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            bytes = switch (random.nextInt(5)) {
                case 0 -> flip(bytes, random);
                case 1 -> Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
                case 2 -> Arrays.copyOf(bytes, bytes.length + random.nextInt(64));
                case 3 -> splice(bytes, random);
                default -> digit(bytes, random);
            };
        }
        return bytes;
    }

    private static byte[] flip(byte[] bytes, Random random) {
        if (bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    /** Writes a telling word over the header, so that the JSON often stays JSON. */
    private static byte[] splice(byte[] bytes, Random random) {
        byte[] word = WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.UTF_8);
        if (bytes.length > word.length + 8) {
            System.arraycopy(word, 0, bytes, 8 + random.nextInt(bytes.length - word.length - 8), word.length);
        }
        return bytes;
    }

    /** Replaces one decimal digit: the header parses and lies. */
    private static byte[] digit(byte[] bytes, Random random) {
        for (int tries = 0; tries < 200 && bytes.length > 8; tries++) {
            int at = 8 + random.nextInt(bytes.length - 8);
            if (bytes[at] >= '0' && bytes[at] <= '9') {
                bytes[at] = (byte) ('0' + random.nextInt(10));
                return bytes;
            }
        }
        return bytes;
    }
}
