package io.pangu.runtime.backend;

import static io.pangu.runtime.backend.DeviceBench.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The part of the contract that is the mixture of grouped experts: routing and the experts themselves. */
public abstract class MixtureContract extends BackendContract {
    /** Whether its experts can have offsets of their inputs and biases where those are quantised in fixed steps. */
    protected boolean supportsAsymmetricExperts() {
        return true;
    }

    private List<HostExpert> experts(Random random, int count, int hidden, int width, WeightScheme scheme) {
        return supportsAsymmetricExperts()
                ? DeviceBench.experts(random, count, hidden, width, scheme)
                : DeviceBench.symmetricExperts(random, count, hidden, width, scheme);
    }

    /** How far a router's weight may be off, relative: what exponentials in fp32 lose. */
    protected float routerTolerance() {
        return 1e-6f;
    }

    @Test
    void routesLikeTheGoldenRouter() throws IOException {
        JsonNode cases;
        try (InputStream in = MixtureContract.class.getResourceAsStream("/golden/router.json")) {
            cases = new ObjectMapper().readTree(Objects.requireNonNull(in)).get("cases");
        }
        assertThat(cases.size()).isGreaterThan(30);
        for (JsonNode example : cases) {
            float[] logits = floats(example.get("logits"));
            int groups = example.get("groups").intValue();
            Tensor ids = tested.fresh(DType.I32, 1, groups);
            Tensor weights = tested.fresh(DType.F32, 1, groups);
            tested.kernels()
                    .routeGrouped(
                            tested.parameters(logits, 1, logits.length),
                            tested.parameters(floats(example.get("router_scale")), logits.length),
                            ExpertGroups.all(groups),
                            ids,
                            weights);
            assertThat(tested.readInts(ids)).containsExactly(ints(example.get("experts")));
            float[] expected = floats(example.get("weights"));
            for (int i = 0; i < groups; i++) {
                assertThat(tested.read(weights)[i])
                        .isCloseTo(expected[i], within(routerTolerance() * expected[i] + 1e-38f));
            }
        }
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.get(i).doubleValue();
        }
        return values;
    }

    private static float[] floats(int[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = values[i];
        }
        return floats;
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        Arrays.setAll(values, i -> array.get(i).intValue());
        return values;
    }

    @Test
    void routesBatches() {
        Random random = new Random(20);
        for (int n : new int[] {1, 2, 17, 300}) {
            float[] logits = normal(random, n * 64);
            float[] scale = normal(random, 64);
            same("weights of " + n + " rows", 1e-6, bench -> {
                Tensor ids = bench.fresh(DType.I32, n, 8);
                Tensor weights = bench.fresh(DType.F32, n, 8);
                bench.kernels()
                        .routeGrouped(
                                bench.parameters(logits, n, 64),
                                bench.parameters(scale, 64),
                                ExpertGroups.all(8),
                                ids,
                                weights);
                int[] chosen = bench.readInts(ids);
                float[] result = bench.read(weights);
                // A wrong expert is off by whole units, a weight by its rounding.
                for (int i = 0; i < result.length; i++) {
                    result[i] += chosen[i];
                }
                return n == 1 ? both(result, bench.read(weights)) : result;
            });
        }
    }

    @Test
    void routesWhateverTheGroupsAndTheTies() {
        Random random = new Random(25);
        for (int[] sizes : new int[][] {{1, 1}, {8, 8}, {8, 1}, {80, 8}, {16, 2}, {6, 3}}) {
            int n = 20;
            float[] logits = normal(random, n * sizes[0]);
            // Rows of ties, of extremes, and with one expert that takes all.
            Arrays.fill(logits, 0, sizes[0], 3);
            Arrays.fill(logits, sizes[0], 2 * sizes[0], -80);
            logits[2 * sizes[0]] = 1e30f;
            logits[4 * sizes[0] - 1] = Float.NEGATIVE_INFINITY;
            for (int i = 5 * sizes[0]; i < 10 * sizes[0]; i++) {
                logits[i] = Math.round(logits[i]);
            }
            float[] scale = normal(random, sizes[0]);
            same("experts " + sizes[0] + " in groups " + sizes[1], 0, bench -> {
                Tensor ids = bench.fresh(DType.I32, n, sizes[1]);
                Tensor weights = bench.fresh(DType.F32, n, sizes[1]);
                bench.kernels()
                        .routeGrouped(
                                bench.parameters(logits, n, sizes[0]),
                                bench.parameters(scale, sizes[0]),
                                ExpertGroups.all(sizes[1]),
                                ids,
                                weights);
                float[] chosen = new float[n * sizes[1]];
                int[] read = bench.readInts(ids);
                for (int i = 0; i < chosen.length; i++) {
                    chosen[i] = read[i];
                }
                return chosen;
            });
        }
        Tensor logits = tested.fresh(DType.F32, 1, 6);
        assertThatThrownBy(() -> tested.kernels()
                        .routeGrouped(
                                logits,
                                tested.parameters(new float[6], 6),
                                ExpertGroups.all(4),
                                tested.fresh(DType.I32, 1, 4),
                                tested.fresh(DType.F32, 1, 4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("6 experts in 4 groups");
    }

    @Test
    void routesToTheGroupsOfADeviceAsTheWholeDoes() throws IOException {
        JsonNode cases;
        try (InputStream in = MixtureContract.class.getResourceAsStream("/golden/router.json")) {
            cases = new ObjectMapper().readTree(Objects.requireNonNull(in)).get("cases");
        }
        int parts = 0;
        for (JsonNode example : cases) {
            float[] logits = floats(example.get("logits"));
            Tensor rows = tested.parameters(logits, 1, logits.length);
            Tensor scale = tested.parameters(floats(example.get("router_scale")), logits.length);
            int groups = example.get("groups").intValue();
            int[] expected = ints(example.get("experts"));
            float[] weights = floats(example.get("weights"));
            // Every run of consecutive groups, that of one group and that of all among them.
            for (int count = 1; count <= groups; count++) {
                for (int first = 0; first + count <= groups; first += count) {
                    Tensor chosen = tested.fresh(DType.I32, 1, count);
                    Tensor factors = tested.fresh(DType.F32, 1, count);
                    tested.kernels().routeGrouped(rows, scale, new ExpertGroups(groups, first, count), chosen, factors);
                    int firstExpert = first * logits.length / groups;
                    for (int i = 0; i < count; i++) {
                        assertThat(tested.readInts(chosen)[i] + firstExpert)
                                .as("group %d of %d", first + i, groups)
                                .isEqualTo(expected[first + i]);
                        assertThat(tested.read(factors)[i])
                                .isCloseTo(weights[first + i], within(routerTolerance() * weights[first + i] + 1e-38f));
                    }
                    parts++;
                }
            }
        }
        assertThat(parts).isGreaterThan(cases.size());
    }

    @Test
    void mixesExpertsThatGetAllRowsOneOrNone() {
        Random random = new Random(26);
        int hidden = 64;
        int width = 24;
        for (WeightScheme scheme : schemes()) {
            List<HostExpert> experts = experts(random, 9, hidden, width, scheme);
            // Around the twelve rows of a register tile and its multiples.
            for (int n : new int[] {1, 11, 12, 13, 24, 25, 37}) {
                int[] ids = new int[2 * n];
                for (int row = 0; row < n; row++) {
                    // All rows choose expert 0; of the second choice one takes the last expert, all others the fourth.
                    ids[2 * row + 1] = row == n / 2 ? 8 : 3;
                }
                float[] x = normal(random, n * hidden);
                float[] weights = normal(random, 2 * n);
                double size = hidden * Math.sqrt(width);
                same(scheme + " experts, " + n + " rows", tolerance(scheme) * size, bench -> {
                    Tensor out = bench.floats(new float[n * hidden], n, hidden);
                    Tensor counts = bench.fresh(DType.I32, 9);
                    bench.kernels()
                            .addGroupedExperts(
                                    bench.floats(x, n, hidden),
                                    bench.own(bench.device().packExperts(experts)),
                                    bench.ints(ids, n, 2),
                                    bench.parameters(weights, n, 2),
                                    counts,
                                    out);
                    return both(bench.read(out), floats(bench.readInts(counts)));
                });
            }
        }
    }

    /** Experts of each row: one of each group of four. */
    private static int[] choices(Random random, int n, int groups) {
        int[] ids = new int[n * groups];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i % groups * 4 + random.nextInt(4);
        }
        return ids;
    }

    /**
     * How far an answer may be off, per unit: an activation that lies on the edge between two steps of the down product's
     * input format may fall to either side.
     */
    private double tolerance(WeightScheme scheme) {
        double inFp32 = switch (scheme) {
            case WeightScheme.Float32 f -> 1e-4;
            case WeightScheme.Bf16 b -> 1.0 / 256;
            case WeightScheme.W8A8Dynamic d -> 1.0 / 32;
            case WeightScheme.W8A8Static s -> 1.0 / 32;
        };
        return inFp32 + 2 * coarseness();
    }

    @Test
    void mixesTheChosenExperts() {
        Random random = new Random(21);
        int[] widths = {8, 17, 64, 80};
        for (WeightScheme scheme : schemes()) {
            for (int n : new int[] {1, 2, 7, 16, 33}) {
                int width = widths[n % widths.length];
                int hidden = 33 + n;
                List<HostExpert> experts = experts(random, 12, hidden, width, scheme);
                float[] x = normal(random, n * hidden);
                float[] before = normal(random, n * hidden);
                int[] ids = choices(random, n, 3);
                float[] weights = normal(random, n * 3);
                double size = hidden * Math.sqrt(width);
                same(scheme + " experts, " + n + " rows", tolerance(scheme) * size, bench -> {
                    Tensor out = bench.floats(before, n, hidden);
                    bench.kernels()
                            .addGroupedExperts(
                                    bench.floats(x, n, hidden),
                                    bench.own(bench.device().packExperts(experts)),
                                    bench.ints(ids, n, 3),
                                    bench.parameters(weights, n, 3),
                                    bench.fresh(DType.I32, 12),
                                    out);
                    return bench.read(out);
                });
            }
        }
    }

    @Test
    void sumsExpertsInAscendingOrderWhateverTheBatch() {
        Random random = new Random(22);
        int hidden = 96;
        for (WeightScheme scheme : schemes()) {
            ExpertWeights experts = tested.own(tested.device().packExperts(experts(random, 12, hidden, 72, scheme)));
            int n = 29;
            // The choices are part of a row: they follow from its content, so that a row takes them along.
            sameBits("experts " + scheme, normal(random, n * hidden), n, hidden, (bench, x, out) -> {
                float[] rows = bench.read(x);
                int[] ids = new int[x.rows() * 3];
                float[] weights = new float[ids.length];
                for (int i = 0; i < ids.length; i++) {
                    float value = rows[i / 3 * hidden + i % 3];
                    ids[i] = i % 3 * 4 + (Float.floatToIntBits(value) & 3);
                    weights[i] = value;
                }
                bench.kernels()
                        .addGroupedExperts(
                                x,
                                experts,
                                bench.ints(ids, x.rows(), 3),
                                bench.parameters(weights, x.rows(), 3),
                                bench.fresh(DType.I32, 12),
                                out);
            });
        }
    }

    @Test
    void countsTheRowsOfEachExpert() {
        Random random = new Random(27);
        ExpertWeights experts = tested.own(tested.device().packExperts(experts(random, 12, 16, 8, WeightScheme.BF16)));
        Tensor counts = tested.fresh(DType.I32, 12);
        // The second call's counts stand alone: they are no sum over calls.
        for (int n : new int[] {300, 29}) {
            int[] ids = choices(random, n, 3);
            int[] expected = new int[12];
            for (int id : ids) {
                expected[id]++;
            }
            tested.kernels()
                    .addGroupedExperts(
                            tested.floats(normal(random, n * 16), n, 16),
                            experts,
                            tested.ints(ids, n, 3),
                            tested.parameters(normal(random, n * 3), n, 3),
                            counts,
                            tested.floats(new float[n * 16], n, 16));
            assertThat(tested.readInts(counts)).containsExactly(expected);
        }
    }

    @Test
    void addsNothingForNoRows() {
        ExpertWeights experts = tested.own(
                tested.device().packExperts(DeviceBench.experts(new Random(23), 4, 16, 8, WeightScheme.BF16)));
        Tensor out = tested.activations(0, 16);
        Tensor counts = tested.ints(new int[] {1, 2, 3, 4}, 4);
        tested.kernels()
                .addGroupedExperts(
                        tested.activations(0, 16),
                        experts,
                        tested.fresh(DType.I32, 0, 1),
                        tested.fresh(DType.F32, 0, 1),
                        counts,
                        out);
        assertThat(tested.read(out)).isEmpty();
        assertThat(tested.readInts(counts)).containsOnly(0);
    }

    @Test
    void knowsTheShapeOfItsExperts() {
        ExpertWeights experts = tested.own(
                tested.device().packExperts(DeviceBench.experts(new Random(24), 4, 40, 24, WeightScheme.BF16)));
        assertThat(experts.numExperts()).isEqualTo(4);
        assertThat(experts.hiddenSize()).isEqualTo(40);
        assertThat(experts.intermediateSize()).isEqualTo(24);
        assertThat(experts.sizeBytes()).isGreaterThanOrEqualTo(4L * 3 * 40 * 24 * Short.BYTES);
    }
}
