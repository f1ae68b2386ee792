package io.pangu.runtime.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A golden checkpoint of the test resources with the answers of the independent reference; the README beside the
 * checkpoints says what the numbers mean and how close is right. Everything is read into the heap at once.
 */
public final class GoldenCheckpoint {
    /** The float checkpoints. */
    public static final List<String> NAMES =
            List.of("moge-tiny", "moge-wide", "moge-mesh", "moge-mesh-128", "embedded-tiny");

    /** The checkpoints in the format of Ascend's quantiser. */
    public static final List<String> QUANTIZED_NAMES =
            List.of("moge-w8a8-static", "moge-w8a8-dynamic", "moge-mesh-w8a8");

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A prompt and what greedy decoding makes of it.
     *
     * @param minGapInStd smallest distance of the two best logits on the way, in standard deviations of the logits
     */
    public record Case(int[] prompt, int[] greedy, double minGapInStd) {
        /** Prompt and greedy ids but the last: the tokens that {@link #logits} has a row for. */
        public int[] teacherForced() {
            return IntStream.concat(IntStream.of(prompt), IntStream.of(greedy).limit(greedy.length - 1L))
                    .toArray();
        }
    }

    /** A continuation of a case's prompt and the natural logarithm of each token's probability. */
    public record Continuation(int[] tokens, double[] logprobs) {}

    /** Continuations of one case's prompt. */
    public record Score(int caseIndex, List<Continuation> continuations) {}

    private final String name;
    private final JsonNode expected;

    private GoldenCheckpoint(String name, JsonNode expected) {
        this.name = name;
        this.expected = expected;
    }

    /** The golden checkpoint in this directory of the test resources. */
    public static GoldenCheckpoint load(String name) {
        return new GoldenCheckpoint(name, json(name + "/expected.json"));
    }

    /** A JSON file of the golden directory: {@code router.json}, {@code moge-tiny/chat.json}. */
    public static JsonNode json(String path) {
        try {
            return JSON.readTree(file(path).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file or directory of the golden directory. */
    public static Path file(String path) {
        URL url = Objects.requireNonNull(GoldenCheckpoint.class.getResource("/golden/" + path), path);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    public String name() {
        return name;
    }

    /** The checkpoint directory itself. */
    public Path directory() {
        return file(name);
    }

    public List<Case> cases() {
        return stream(expected.get("cases"))
                .map(node -> new Case(
                        ints(node.get("prompt")),
                        ints(node.get("greedy")),
                        node.get("min_gap_in_std").asDouble()))
                .toList();
    }

    /** Indices of the cases that have embeddings. */
    public List<Integer> embeddingCases() {
        return IntStream.of(ints(expected.get("embeddings"))).boxed().toList();
    }

    public List<Score> scores() {
        return stream(expected.get("scores"))
                .map(node -> new Score(
                        node.get("case").asInt(),
                        stream(node.get("continuations"))
                                .map(c -> new Continuation(ints(c.get("tokens")), doubles(c.get("logprobs"))))
                                .toList()))
                .toList();
    }

    /** Logits after every token of case i's {@link Case#teacherForced}: [prompt + 23][vocabulary]. */
    public float[][] logits(int caseIndex) {
        return rows("logits." + caseIndex);
    }

    /** Mean of the final-norm output over all tokens of the prompt but the first. */
    public float[] meanEmbedding(int caseIndex) {
        return rows("embedding.mean." + caseIndex)[0];
    }

    /** Final-norm output of the prompt's last token. */
    public float[] lastEmbedding(int caseIndex) {
        return rows("embedding.last." + caseIndex)[0];
    }

    /** ‖actual − expected‖₂ / ‖expected‖₂, the error of one position. */
    public static double relativeError(float[] actual, float[] expected) {
        if (actual.length != expected.length) {
            throw new IllegalArgumentException(actual.length + " values for " + expected.length);
        }
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = (double) actual[i] - expected[i];
            difference += d * d;
            norm += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / norm);
    }

    private float[][] rows(String tensorName) {
        ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        try (SafetensorsFile file = SafetensorsFile.open(file(name + "/expected.safetensors"))) {
            HostTensor tensor = file.tensor(tensorName);
            int cols = Math.toIntExact(tensor.shape().dim(tensor.shape().rank() - 1));
            float[] flat = tensor.data().toArray(layout);
            List<float[]> rows = new ArrayList<>();
            for (int from = 0; from < flat.length; from += cols) {
                rows.add(Arrays.copyOfRange(flat, from, from + cols));
            }
            return rows.toArray(float[][]::new);
        }
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static int[] ints(JsonNode array) {
        return stream(array).mapToInt(JsonNode::asInt).toArray();
    }

    private static double[] doubles(JsonNode array) {
        return stream(array).mapToDouble(JsonNode::asDouble).toArray();
    }
}
