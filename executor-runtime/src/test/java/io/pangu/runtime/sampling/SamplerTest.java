package io.pangu.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SamplerTest {
    private static final SamplingParams PLAIN = new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), 5);

    record Golden(
            float[] logits, int[] prompt, int[] output, SamplingParams params, double[] probabilities, String name) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Golden> golden() throws IOException {
        List<Golden> cases = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(SamplerTest.class.getResourceAsStream("/golden/sampler.json"))) {
            for (JsonNode node : new ObjectMapper().readTree(in).get("cases")) {
                double[] logits = doubles(node.get("logits"));
                float[] row = new float[logits.length];
                for (int i = 0; i < row.length; i++) {
                    row[i] = (float) logits[i];
                }
                cases.add(new Golden(
                        row,
                        ints(node.get("prompt")),
                        ints(node.get("output")),
                        params(node.get("options")),
                        doubles(node.get("probabilities")),
                        node.get("options").toString()));
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("golden")
    void drawsFromTheGoldenDistribution(Golden golden) {
        double[] ours = new Sampler(golden.logits().length)
                .distribution(golden.logits(), golden.params(), history(golden.prompt(), golden.output()));
        double[] expected = golden.probabilities();
        for (int id = 0; id < expected.length; id++) {
            assertThat(ours[id]).as("token %d", id).isCloseTo(expected[id], within(1e-12));
            assertThat(ours[id] > 0).as("token %d stays", id).isEqualTo(expected[id] > 0);
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void drawsEachTokenAsOftenAsItsProbabilitySays(Golden golden) {
        int numDraws = 20_000;
        double[] expected = golden.probabilities();
        int[] counts = new int[expected.length];
        Sampler sampler = new Sampler(expected.length);
        TokenHistory history = history(golden.prompt(), golden.output());
        for (int i = 0; i < numDraws; i++) {
            counts[sampler.sample(golden.logits(), golden.params(), history, i)]++;
        }
        double chiSquare = 0;
        int bins = 0;
        double restExpected = 0;
        int restCount = 0;
        for (int id = 0; id < expected.length; id++) {
            double mean = expected[id] * numDraws;
            if (mean < 5) {
                restExpected += mean;
                restCount += counts[id];
                assertThat(mean > 0 || counts[id] == 0)
                        .as("token %d cannot be drawn", id)
                        .isTrue();
            } else {
                chiSquare += (counts[id] - mean) * (counts[id] - mean) / mean;
                bins++;
            }
        }
        if (restExpected >= 5) {
            chiSquare += (restCount - restExpected) * (restCount - restExpected) / restExpected;
            bins++;
        }
        // Mean bins - 1, variance twice that: five standard deviations and a constant for the skew at few bins.
        assertThat(chiSquare).isLessThan(bins + 5 * Math.sqrt(2.0 * bins) + 5);
    }

    @Test
    void sameSeedAndPlaceGiveTheSameToken() {
        float[] logits = randomLogits(300, 1);
        Sampler fresh = new Sampler(300);
        Sampler used = new Sampler(300);
        TokenHistory history = TokenHistory.unused();
        int[] inOrder = IntStream.range(0, 50)
                .map(i -> fresh.sample(logits, PLAIN, history, i))
                .toArray();
        for (int i = 49; i >= 0; i--) {
            used.sample(randomLogits(300, i), PLAIN, history, 0);
            assertThat(used.sample(logits, PLAIN, history, i)).isEqualTo(inOrder[i]);
        }
        assertThat(Arrays.stream(inOrder).distinct().count()).isGreaterThan(5);
    }

    @Test
    void seedsAndPlacesGiveUnrelatedNumbers() {
        Set<Double> seen = new HashSet<>();
        double sum = 0;
        int same = 0;
        for (long seed = 0; seed < 200; seed++) {
            for (long index = 0; index < 200; index++) {
                double value = CounterRandom.uniform(seed, index);
                assertThat(value).isBetween(0.0, 1.0).isNotEqualTo(1.0);
                seen.add(value);
                sum += value;
                same += (value < 0.5) == (CounterRandom.uniform(seed + 1, index) < 0.5) ? 1 : 0;
            }
        }
        assertThat(seen).hasSize(40_000);
        assertThat(sum / 40_000).isCloseTo(0.5, within(0.01));
        assertThat(same).isBetween(19_500, 20_500);
    }

    @Test
    void keepsTheSmallestNucleusOfALargeVocabulary() {
        for (int trial = 0; trial < 30; trial++) {
            int size = 50 + trial * 37;
            float[] logits = randomLogits(size, trial);
            double topP = 0.05 + 0.03 * trial;
            int topK = trial % 3 == 0 ? 0 : 1 + trial * 20;
            double[] ours = new Sampler(size)
                    .distribution(
                            logits,
                            new SamplingParams(0.8, topK, topP, 0, 1, 0, 0, Map.of(), 0),
                            TokenHistory.unused());
            double[] expected = sortedNucleus(logits, 0.8, topK, topP);
            for (int id = 0; id < size; id++) {
                assertThat(ours[id]).as("trial %d token %d", trial, id).isCloseTo(expected[id], within(1e-12));
            }
        }
    }

    @Test
    void lowerIdWinsAmongEquals() {
        float[] logits = {1, 3, 3, 3, 0};
        Sampler sampler = new Sampler(5);
        assertThat(sampler.distribution(
                        logits, new SamplingParams(1, 2, 1, 0, 1, 0, 0, Map.of(), 0), TokenHistory.unused()))
                .containsExactly(0, 0.5, 0.5, 0, 0);
        assertThat(sampler.sample(logits, SamplingParams.GREEDY, TokenHistory.unused(), 0))
                .isEqualTo(1);
    }

    @Test
    void knowsWhenTheDeviceCanChoose() {
        assertThat(Sampler.isPlainArgmax(SamplingParams.GREEDY)).isTrue();
        assertThat(Sampler.isPlainArgmax(PLAIN)).isFalse();
        assertThat(Sampler.isPlainArgmax(new SamplingParams(0, 0, 1, 0, 1.1, 0, 0, Map.of(), 0)))
                .isFalse();
        assertThat(Sampler.isPlainArgmax(new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(3, 1.0), 0)))
                .isFalse();
        assertThat(Sampler.isPlainArgmax(new SamplingParams(0, 5, 0.5, 0.1, 1, 0, 0, Map.of(), 9)))
                .isTrue();
    }

    @Test
    void saysSoWhenLogitsAreNotNumbers() {
        float[] logits = {Float.NaN, Float.NaN, Float.NaN};
        assertThatThrownBy(() -> new Sampler(3).sample(logits, PLAIN, TokenHistory.unused(), 0))
                .isInstanceOfSatisfying(EngineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL);
                    assertThat(e).hasMessageContaining("not numbers");
                });
    }

    private static TokenHistory history(int[] prompt, int[] output) {
        TokenHistory history = TokenHistory.ofPrompt(prompt);
        for (int id : output) {
            history.append(id);
        }
        return history;
    }

    private static float[] randomLogits(int size, long seed) {
        Random random = new Random(seed);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (3 * random.nextGaussian());
        }
        return logits;
    }

    private static double[] sortedNucleus(float[] logits, double temperature, int topK, double topP) {
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
        order.sort(Comparator.<Integer>comparingDouble(id -> -logits[id]).thenComparing(id -> id));
        List<Integer> kept = topK == 0 ? order : order.subList(0, Math.min(topK, order.size()));
        double total = kept.stream()
                .mapToDouble(id -> Math.exp(logits[id] / temperature))
                .sum();
        double reached = 0;
        Map<Integer, Double> nucleus = new HashMap<>();
        for (int id : kept) {
            if (reached >= topP * total) {
                break;
            }
            double weight = Math.exp(logits[id] / temperature);
            nucleus.put(id, weight);
            reached += weight;
        }
        double[] result = new double[logits.length];
        double sum = reached;
        nucleus.forEach((id, weight) -> result[id] = weight / sum);
        return result;
    }

    private static SamplingParams params(JsonNode options) {
        Map<Integer, Double> bias = new HashMap<>();
        options.path("logit_bias")
                .properties()
                .forEach(e -> bias.put(Integer.valueOf(e.getKey()), e.getValue().asDouble()));
        return new SamplingParams(
                options.path("temperature").asDouble(1),
                options.path("top_k").asInt(0),
                options.path("top_p").asDouble(1),
                options.path("min_p").asDouble(0),
                options.path("repetition_penalty").asDouble(1),
                options.path("presence_penalty").asDouble(0),
                options.path("frequency_penalty").asDouble(0),
                bias,
                42);
    }

    private static double[] doubles(JsonNode node) {
        double[] result = new double[node.size()];
        for (int i = 0; i < result.length; i++) {
            result[i] = node.get(i).asDouble();
        }
        return result;
    }

    private static int[] ints(JsonNode node) {
        return Arrays.stream(doubles(node)).mapToInt(value -> (int) value).toArray();
    }
}
