package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Memory beyond what 31 and 32 bits address, as the 72B model needs it: its cache, its vocabulary, its experts. Pages that
 * nobody touches take no room, so this costs little.
 */
class LargeBuffersTest {
    private static final long NEEDED_BYTES = 12L << 30;

    private final Device device = new CpuDevice(0, Communicator.solo(), VectorCpuDeviceTest.kernels(), 2);
    private final DeviceBench bench = new DeviceBench(device);

    @BeforeEach
    void needsRoom() {
        assumeThat(device.memory().freeBytes()).as("free memory").isGreaterThan(NEEDED_BYTES);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    /** Attention of one new row over a context whose keys and values were written into these blocks. */
    private float[] attend(HeadLayout heads, KvLayer cache, int[] blocks, float[] rows, int context) {
        int[] slots = new int[context];
        for (int i = 0; i < context; i++) {
            slots[i] = blocks[i / cache.blockSize()] * cache.blockSize() + i % cache.blockSize();
        }
        Tensor qkv = bench.floats(rows, context, heads.qkvSize());
        device.kernels().writeKvCache(qkv, heads, cache, bench.ints(slots, context));
        Tensor out = bench.fresh(DType.F32, 1, heads.querySize());
        AttentionPlan plan = new AttentionPlan(
                new int[] {0, 1}, new int[] {context}, bench.ints(blocks, 1, blocks.length), cache.blockSize());
        device.kernels().attention(qkv.rows(context - 1, 1), heads, cache, plan, out);
        return bench.read(out);
    }

    @Test
    void cacheBlocksAtTheFarEndAreAsGoodAsThoseAtTheFront() {
        HeadLayout heads = new HeadLayout(16, 8, 128);
        int blocks = (int) ((6L << 30) / device.kvBlockBytes(heads, 16));
        KvLayer cache = bench.own(device.allocateKvLayer(heads, blocks, 16));
        assertThat(cache.sizeBytes()).isGreaterThan(1L << 32);
        float[] rows = DeviceBench.normal(new Random(1), 40 * heads.qkvSize());
        float[] front = attend(heads, cache, new int[] {0, 2, 1}, rows, 40);
        float[] far = attend(heads, cache, new int[] {blocks - 1, blocks / 2, blocks - 2}, rows, 40);
        assertThat(far).containsExactly(front);
        assertThat(attend(heads, cache, new int[] {0, 2, 1}, rows, 40)).containsExactly(front);
    }

    @Test
    void rowsAtTheFarEndOfALargeTableAreFound() {
        // The 72B model's vocabulary in fp32: 3.1 GB.
        int vocab = 153_376;
        int hidden = 5120;
        Tensor table = bench.fresh(DType.F32, vocab, hidden);
        assertThat(table.sizeBytes()).isGreaterThan(1L << 31);
        float[] last = DeviceBench.normal(new Random(2), hidden);
        device.upload(MemorySegment.ofArray(last), table.rows(vocab - 1, 1));
        Tensor out = bench.fresh(DType.F32, 2, hidden);
        device.kernels().embed(table, bench.ints(new int[] {vocab - 1, vocab - 1}, 2), out);
        assertThat(bench.read(out.rows(1, 1))).containsExactly(last);
        device.kernels().gatherRows(table, bench.ints(new int[] {vocab - 1, vocab - 1}, 2), out);
        assertThat(bench.read(out.rows(0, 1))).containsExactly(last);
    }

    @Test
    void logitsOfAWholeBatchOverALargeVocabularyAreRead() {
        int vocab = 153_376;
        int rows = 4096;
        Tensor logits = bench.fresh(DType.F32, rows, vocab);
        assertThat(logits.sizeBytes()).isGreaterThan(1L << 31);
        Tensor lastRows = logits.rows(rows - 1, 1);
        float[] values = new float[vocab];
        values[vocab - 1] = 20;
        device.upload(MemorySegment.ofArray(values), lastRows);
        Tensor out = bench.fresh(DType.I32, 1);
        Tensor value = bench.fresh(DType.F32, 1);
        device.kernels().argmax(lastRows, out, value);
        assertThat(bench.readInts(out)).containsExactly(vocab - 1);
        assertThat(bench.read(value)).containsExactly(20);
        device.kernels().gatherElements(lastRows, bench.ints(new int[] {vocab - 1}, 1), value);
        assertThat(bench.read(value)).containsExactly(20);
        device.kernels().logSumExp(lastRows, value);
        double expected = Math.log(Math.exp(20) + vocab - 1);
        assertThat((double) bench.read(value)[0]).isCloseTo(expected, within(1e-5));
    }

    @Test
    void sizesOfThe72bModelsPartsAreCountedInLongs() {
        assertThat(PackedMatrix.sizeBytes(WeightScheme.FLOAT32, 153_376, 5120)).isEqualTo(2397L * 64 * 5120 * 4);
        assertThat(PackedMatrix.sizeBytes(WeightScheme.BF16, 153_376, 5120)).isEqualTo(2397L * 64 * 5120 * 2);
        assertThat(PackedMatrix.sizeBytes(WeightScheme.W8A8_DYNAMIC, 153_376, 5120))
                .isEqualTo(2397L * 64 * 5120 + 3 * 2397L * 64 * 4);
        HeadLayout heads = new HeadLayout(40, 8, 128);
        assertThat(device.kvBlockBytes(heads, 16)).isEqualTo(2L * 8 * 128 * 16 * 4);
        assertThat(8192 * device.kvBlockBytes(heads, 16) * 46).isEqualTo(49_392_123_904L);
        assertThat(Shape.of(131_072, 153_376).elements()).isEqualTo(20_103_299_072L);
    }
}
