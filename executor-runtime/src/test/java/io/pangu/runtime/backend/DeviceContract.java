package io.pangu.runtime.backend;

import static io.pangu.runtime.backend.DeviceBench.layer;
import static io.pangu.runtime.backend.DeviceBench.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The whole contract of a device: memory, the rotary embedding, the paged cache and attention, and all of the rest. */
public abstract class DeviceContract extends MixtureContract {
    @Test
    void movesBytesToTheDeviceAndBack() {
        float[] values = normal(new Random(30), 24);
        Tensor tensor = tested.parameters(values, 4, 6);
        assertThat(tested.read(tensor)).containsExactly(values);
        assertThat(tested.read(tensor.rows(1, 2))).containsExactly(Arrays.copyOfRange(values, 6, 18));
        assertThatThrownBy(() -> tested.device().upload(MemorySegment.ofArray(new float[3]), tensor))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tellsItsMemoryAndGivesItBack() {
        DeviceMemory memory = tested.device().memory();
        assertThat(memory.totalBytes()).isPositive();
        assertThat(memory.freeBytes()).isBetween(0L, memory.totalBytes());
        Tensor tensor = tested.device().allocate(DType.F32, Shape.of(4));
        tensor.buffer().close();
        assertThatThrownBy(() -> tested.read(tensor)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesOperandsOfWrongShapeTypeOrHome() {
        Kernels kernels = tested.kernels();
        Tensor x = tested.floats(new float[6], 2, 3);
        Tensor out = tested.activations(2, 3);
        LinearWeight weight = tested.pack(layer(new Random(31), 3, 4, WeightScheme.BF16));
        assertThatThrownBy(() -> kernels.linear(x, weight, out)).isInstanceOf(IllegalArgumentException.class);
        Tensor ints = tested.fresh(DType.I32, 2, 3);
        assertThatThrownBy(() -> kernels.swiGlu(ints, out)).isInstanceOf(IllegalArgumentException.class);
        try (Device other = open()) {
            Tensor foreign = other.allocate(x.dtype(), Shape.of(2, 3));
            Tensor ids = tested.ints(new int[] {0, 1}, 2);
            assertThatThrownBy(() -> kernels.gatherRows(foreign, ids, out))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("another device");
        }
        kernels.gatherRows(x, tested.ints(new int[] {0, 1}, 2), out);
        assertThat(tested.read(out)).as("the device still works").containsOnly(0f);
    }

    /** Whether its kernels see the values of indices when they are called, and can refuse them. */
    protected boolean checksIndices() {
        return true;
    }

    /** Sizes of heads that its attention can have, of those given. */
    protected boolean supportsHeadsOf(int headDim) {
        return headDim > 0;
    }

    @Test
    void refusesIndicesThatLeaveTheirTensor() {
        assumeThat(checksIndices()).isTrue();
        Tensor x = tested.floats(new float[6], 2, 3);
        Tensor out = tested.activations(2, 3);
        assertThatThrownBy(() -> tested.kernels().gatherRows(x, tested.ints(new int[] {0, 2}, 2), out))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rows[1] is 2");
        Tensor picked = tested.fresh(DType.F32, 2);
        assertThatThrownBy(() -> tested.kernels().gatherElements(x, tested.ints(new int[] {2, 3}, 2), picked))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("columns[1] is 3");
    }

    @Test
    void rotatesQueryAndKeyHeads() {
        Random random = new Random(32);
        for (int headDim : new int[] {2, 4, 16, 30, 64, 66, 128}) {
            if (!supportsHeadsOf(headDim)) {
                continue;
            }
            HeadLayout heads = new HeadLayout(4, 2, headDim);
            for (int n : new int[] {1, 3, 40}) {
                float[] qkv = normal(random, n * heads.qkvSize());
                float[] cos = twice(normal(random, n * headDim / 2), n);
                float[] sin = twice(normal(random, n * headDim / 2), n);
                same("rope of " + headDim, 2e-6, bench -> {
                    Tensor rows = bench.floats(qkv, n, heads.qkvSize());
                    bench.kernels().rope(rows, heads, bench.floats(cos, n, headDim), bench.floats(sin, n, headDim));
                    return bench.read(rows);
                });
            }
        }
    }

    /** Every row's elements, and the same again behind them. */
    private static float[] twice(float[] rows, int n) {
        int half = rows.length / n;
        float[] doubled = new float[2 * rows.length];
        for (int i = 0; i < n; i++) {
            System.arraycopy(rows, i * half, doubled, 2 * i * half, half);
            System.arraycopy(rows, i * half, doubled, (2 * i + 1) * half, half);
        }
        return doubled;
    }

    /** A cache with sequences of some lengths in shuffled blocks, and queries for the last tokens of each. */
    private static final class PagedBatch {
        final HeadLayout heads;
        final int[] lengths;
        final int[] queries;
        final float[][] qkv; // per sequence: (length, qkvSize)

        PagedBatch(Random random, HeadLayout heads, int[] lengths, int[] queries) {
            this.heads = heads;
            this.lengths = lengths;
            this.queries = queries;
            qkv = new float[lengths.length][];
            for (int i = 0; i < lengths.length; i++) {
                qkv[i] = normal(random, lengths[i] * heads.qkvSize());
            }
        }

        private int blocks(int length, int blockSize) {
            return (length + blockSize - 1) / blockSize;
        }

        /** Attention of all queries in one call: (sum of queries, querySize). */
        float[] attend(DeviceBench bench) {
            int blockSize = bench.device().kvBlockSize();
            int most = blocks(Arrays.stream(lengths).max().orElseThrow(), blockSize);
            int total = Arrays.stream(lengths).map(l -> blocks(l, blockSize)).sum() + 3;
            KvLayer cache = bench.own(bench.device().allocateKvLayer(heads, total, blockSize));
            int[] table = new int[lengths.length * most];
            Arrays.fill(table, -1);
            int[] starts = new int[lengths.length + 1];
            int next = total - 1;
            for (int s = 0; s < lengths.length; s++) {
                starts[s + 1] = starts[s] + queries[s];
                for (int b = 0; b < blocks(lengths[s], blockSize); b++) {
                    table[s * most + b] = next--;
                }
                int[] slots = new int[lengths[s]];
                for (int t = 0; t < lengths[s]; t++) {
                    slots[t] = table[s * most + t / blockSize] * blockSize + t % blockSize;
                }
                bench.kernels()
                        .writeKvCache(
                                bench.floats(qkv[s], lengths[s], heads.qkvSize()),
                                heads,
                                cache,
                                bench.ints(slots, slots.length));
            }
            int n = starts[lengths.length];
            float[] rows = new float[n * heads.qkvSize()];
            for (int s = 0; s < lengths.length; s++) {
                int from = (lengths[s] - queries[s]) * heads.qkvSize();
                System.arraycopy(qkv[s], from, rows, starts[s] * heads.qkvSize(), queries[s] * heads.qkvSize());
            }
            Tensor out = bench.activations(n, heads.querySize());
            AttentionPlan plan = new AttentionPlan(starts, lengths, bench.ints(table, lengths.length, most), blockSize);
            bench.kernels().attention(bench.floats(rows, n, heads.qkvSize()), heads, cache, plan, out);
            return bench.read(out);
        }
    }

    @Test
    void attendsOverRaggedBatches() {
        Random random = new Random(33);
        int[] lengths = {1, 2, 15, 16, 17, 31, 33, 64, 100};
        int[] queries = {1, 2, 15, 1, 5, 1, 33, 7, 1};
        HeadLayout[] layouts = {
            new HeadLayout(1, 1, 2),
            new HeadLayout(4, 4, 16),
            new HeadLayout(5, 1, 30),
            new HeadLayout(10, 2, 64),
            new HeadLayout(3, 1, 80),
            new HeadLayout(8, 1, 128),
        };
        for (HeadLayout heads : layouts) {
            if (!supportsHeadsOf(heads.headDim())) {
                continue;
            }
            PagedBatch batch = new PagedBatch(random, heads, lengths, queries);
            same("attention of " + heads, 2e-5, batch::attend);
        }
    }

    @Test
    void attendsAtEveryLengthAroundEveryBlocksEnd() {
        int[] lengths = IntStream.rangeClosed(1, 131).toArray();
        // One query, a few, or all of them: runs that begin and end anywhere in a block.
        int[] queries = Arrays.stream(lengths)
                .map(length -> length % 3 == 0 ? length : Math.min(length, 1 + length % 5))
                .toArray();
        for (HeadLayout heads : List.of(new HeadLayout(5, 1, 18), new HeadLayout(4, 2, 32))) {
            if (!supportsHeadsOf(heads.headDim())) {
                continue;
            }
            PagedBatch batch = new PagedBatch(new Random(36), heads, lengths, queries);
            same("attention of " + heads, 2e-5, batch::attend);
        }
    }

    @Test
    void attendsOverLongContexts() {
        PagedBatch batch =
                new PagedBatch(new Random(34), new HeadLayout(4, 2, 64), new int[] {1500, 700}, new int[] {2, 1});
        same("attention", 2e-5, batch::attend);
    }

    @Test
    void attentionRowsDoNotDependOnTheBatchOrTheChunk() {
        HeadLayout heads = new HeadLayout(6, 2, 48);
        int[] lengths = {70, 33, 5};
        PagedBatch batch = new PagedBatch(new Random(35), heads, lengths, new int[] {70, 20, 1});
        float[] whole = batch.attend(tested);
        int row = 0;
        for (int s = 0; s < lengths.length; s++) {
            for (int q = 0; q < batch.queries[s]; q++) {
                int length = lengths[s] - batch.queries[s] + q + 1;
                PagedBatch alone = new PagedBatch(new Random(0), heads, new int[] {length}, new int[] {1});
                alone.qkv[0] = Arrays.copyOf(batch.qkv[s], length * heads.qkvSize());
                assertThat(alone.attend(tested))
                        .as("sequence %d, query %d", s, q)
                        .containsExactly(
                                Arrays.copyOfRange(whole, row * heads.querySize(), (row + 1) * heads.querySize()));
                row++;
            }
        }
    }
}
