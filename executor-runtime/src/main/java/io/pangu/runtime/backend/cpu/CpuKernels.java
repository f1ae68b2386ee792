package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The operations of a CPU device: operands are checked, then the work is split over the threads into pieces whose
 * arithmetic does not depend on the split. Complete on return.
 */
final class CpuKernels implements Kernels {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final DeviceHealth health;
    private final BlockKernels kernels;
    private final WorkerPool pool;
    private final Operands operands;
    private final LinearProduct product;
    private final ExpertMixture mixture;
    private final PagedAttention attention;
    private final GroupedRouter router;
    private final EmbeddingTable embedding;

    CpuKernels(BlockKernels kernels, WorkerPool pool, CpuMemory memory, DeviceHealth health) {
        InputFormats formats = new InputFormats(kernels, pool, memory);
        this.health = health;
        this.kernels = kernels;
        this.pool = pool;
        this.operands = new Operands(memory);
        this.product = new LinearProduct(kernels, pool, formats);
        this.mixture = new ExpertMixture(kernels, pool, formats, memory);
        this.attention = new PagedAttention(kernels, pool);
        this.router = new GroupedRouter(pool);
        this.embedding = new EmbeddingTable(pool);
    }

    @Override
    public void embed(Tensor table, Tensor tokenIds, Tensor out) {
        int n = count(tokenIds);
        int width = table.rowElements();
        MemorySegment rows = operands.bytes("table", table);
        MemorySegment ids = indices("tokenIds", tokenIds, n, table.rows());
        MemorySegment target = operands.floats("out", out, (long) n * width);
        health.run("embed", () -> embedding.lookUp(rows, table.dtype(), ids, target, width));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
        int n = x.rows();
        int width = count(weight);
        MemorySegment from = operands.floats("x", x, (long) n * width);
        MemorySegment scale = operands.floats("weight", weight, width);
        MemorySegment to = operands.floats("out", out, (long) n * width);
        long bytes = (long) width * Float.BYTES;
        health.run(
                "rmsNorm",
                () -> pool.forRanges(n, pool.grain(n, width / 4), (first, end) -> {
                    for (int row = first; row < end; row++) {
                        kernels.rmsNormRow(row(from, row, bytes), scale, epsilon, row(to, row, bytes), width);
                    }
                }));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float epsilon, Tensor out) {
        int n = x.rows();
        int width = count(weight);
        MemorySegment sum = operands.floats("residual", residual, (long) n * width);
        MemorySegment from = operands.floats("x", x, (long) n * width);
        MemorySegment scale = operands.floats("weight", weight, width);
        MemorySegment to = operands.floats("out", out, (long) n * width);
        long bytes = (long) width * Float.BYTES;
        health.run(
                "addRmsNorm",
                () -> pool.forRanges(n, pool.grain(n, width / 2), (first, end) -> {
                    for (int row = first; row < end; row++) {
                        MemorySegment summed = row(sum, row, bytes);
                        kernels.addScaled(row(from, row, bytes), 1f, summed, width);
                        kernels.rmsNormRow(summed, scale, epsilon, row(to, row, bytes), width);
                    }
                }));
    }

    @Override
    public void linear(Tensor x, LinearWeight weight, Tensor out) {
        if (!(weight instanceof PackedLinear packed)) {
            throw new IllegalArgumentException("the weight was packed by another device");
        }
        operands.requireOwn("the weight", packed.owner());
        int n = x.rows();
        MemorySegment from = operands.floats("x", x, (long) n * packed.inFeatures());
        MemorySegment to = operands.floats("out", out, (long) n * packed.outFeatures());
        health.run("linear", () -> product.multiply(from, packed, n, to));
    }

    @Override
    public void rope(Tensor qkv, HeadLayout heads, Tensor cos, Tensor sin) {
        int n = qkv.rows();
        int half = heads.headDim() / 2;
        MemorySegment rows = operands.floats("qkv", qkv, (long) n * heads.qkvSize());
        MemorySegment cosines = operands.floats("cos", cos, (long) n * heads.headDim());
        MemorySegment sines = operands.floats("sin", sin, (long) n * heads.headDim());
        int rotated = heads.numHeads() + heads.numKvHeads();
        long rowBytes = (long) heads.qkvSize() * Float.BYTES;
        long angleBytes = (long) heads.headDim() * Float.BYTES;
        health.run(
                "rope",
                () -> pool.forRanges(n, pool.grain(n, (long) rotated * half / 4), (first, end) -> {
                    for (int row = first; row < end; row++) {
                        kernels.rotateHeads(
                                row(rows, row, rowBytes),
                                rotated,
                                heads.headDim(),
                                row(cosines, row, angleBytes),
                                row(sines, row, angleBytes));
                    }
                }));
    }

    @Override
    public void writeKvCache(Tensor qkv, HeadLayout heads, KvLayer cache, Tensor slots) {
        CpuKvLayer layer = layer(cache, heads);
        int n = qkv.rows();
        MemorySegment rows = operands.floats("qkv", qkv, (long) n * heads.qkvSize());
        MemorySegment at = indices("slots", slots, n, Math.multiplyExact(layer.numBlocks(), layer.blockSize()));
        health.run("writeKvCache", () -> attention.write(rows, layer, at, n));
    }

    @Override
    public void attention(Tensor qkv, HeadLayout heads, KvLayer cache, AttentionPlan plan, Tensor out) {
        CpuKvLayer layer = layer(cache, heads);
        int n = plan.numRows();
        if (plan.blockSize() != layer.blockSize()) {
            throw new IllegalArgumentException(
                    "blocks of " + plan.blockSize() + " tokens, the cache's have " + layer.blockSize());
        }
        MemorySegment rows = operands.floats("qkv", qkv, (long) n * heads.qkvSize());
        MemorySegment to = operands.floats("out", out, (long) n * heads.querySize());
        MemorySegment table = operands.ints(
                "blockTable", plan.blockTable(), plan.blockTable().shape().elements());
        health.run("attention", () -> attention.attend(rows, layer, plan, table, to));
    }

    @Override
    public void swiGlu(Tensor gateUp, Tensor out) {
        int n = out.rows();
        int width = out.rowElements();
        MemorySegment from = operands.floats("gateUp", gateUp, 2L * n * width);
        MemorySegment to = operands.floats("out", out, (long) n * width);
        long bytes = (long) width * Float.BYTES;
        health.run(
                "swiGlu",
                () -> pool.forRanges(n, pool.grain(n, width), (first, end) -> {
                    for (int row = first; row < end; row++) {
                        MemorySegment gate = from.asSlice(2L * row * bytes, bytes);
                        MemorySegment up = from.asSlice((2L * row + 1) * bytes, bytes);
                        kernels.swiGlu(gate, up, row(to, row, bytes), width);
                    }
                }));
    }

    @Override
    public void routeGrouped(
            Tensor logits, Tensor routerScale, ExpertGroups groups, Tensor expertIds, Tensor expertWeights) {
        int n = logits.rows();
        int experts = count(routerScale);
        GroupedRouter.Sizes sizes = new GroupedRouter.Sizes(n, experts, groups);
        MemorySegment from = operands.floats("logits", logits, (long) n * experts);
        MemorySegment scale = operands.floats("routerScale", routerScale, experts);
        MemorySegment ids = operands.ints("expertIds", expertIds, (long) n * groups.count());
        MemorySegment weights = operands.floats("expertWeights", expertWeights, (long) n * groups.count());
        health.run("routeGrouped", () -> router.route(from, scale, sizes, ids, weights));
    }

    @Override
    public void addGroupedExperts(
            Tensor x, ExpertWeights experts, Tensor expertIds, Tensor expertWeights, Tensor rowsPerExpert, Tensor out) {
        if (!(experts instanceof PackedExperts packed)) {
            throw new IllegalArgumentException("the experts were packed by another device");
        }
        operands.requireOwn("the experts", packed.owner());
        int n = x.rows();
        int k = n == 0 ? 0 : expertIds.rowElements();
        MemorySegment from = operands.floats("x", x, (long) n * packed.hiddenSize());
        MemorySegment to = operands.floats("out", out, (long) n * packed.hiddenSize());
        ExpertMixture.Choices choices = new ExpertMixture.Choices(
                n,
                k,
                indices("expertIds", expertIds, n * k, packed.numExperts()),
                operands.floats("expertWeights", expertWeights, (long) n * k));
        MemorySegment counts = operands.ints("rowsPerExpert", rowsPerExpert, packed.numExperts());
        health.run("addGroupedExperts", () -> mixture.add(from, packed, choices, counts, to));
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        int m = count(rows);
        int width = x.rowElements();
        MemorySegment from = operands.floats("x", x, (long) x.rows() * width);
        MemorySegment at = indices("rows", rows, m, x.rows());
        MemorySegment to = operands.floats("out", out, (long) m * width);
        health.run("gatherRows", () -> embedding.lookUp(from, DType.F32, at, to, width));
    }

    @Override
    public void argmax(Tensor logits, Tensor ids, Tensor values) {
        int n = logits.rows();
        int width = logits.rowElements();
        MemorySegment from = operands.floats("logits", logits, (long) n * width);
        MemorySegment chosen = operands.ints("ids", ids, n);
        MemorySegment largest = operands.floats("values", values, n);
        long bytes = (long) width * Float.BYTES;
        health.run(
                "argmax",
                () -> pool.forRanges(n, pool.grain(n, width / 8), (first, end) -> {
                    for (int row = first; row < end; row++) {
                        MemorySegment logitsOfRow = row(from, row, bytes);
                        int best = kernels.argmaxRow(logitsOfRow, width);
                        chosen.set(INT, row * 4L, best);
                        largest.set(FLOAT, row * 4L, logitsOfRow.get(FLOAT, best * 4L));
                    }
                }));
    }

    @Override
    public void logSumExp(Tensor logits, Tensor out) {
        int n = logits.rows();
        int width = logits.rowElements();
        MemorySegment from = operands.floats("logits", logits, (long) n * width);
        MemorySegment to = operands.floats("out", out, n);
        long bytes = (long) width * Float.BYTES;
        health.run(
                "logSumExp",
                () -> pool.forRanges(n, pool.grain(n, width), (first, end) -> {
                    for (int row = first; row < end; row++) {
                        to.set(FLOAT, row * 4L, kernels.logSumExpRow(row(from, row, bytes), width));
                    }
                }));
    }

    @Override
    public void gatherElements(Tensor x, Tensor columns, Tensor out) {
        int n = x.rows();
        int width = x.rowElements();
        MemorySegment from = operands.floats("x", x, (long) n * width);
        MemorySegment at = indices("columns", columns, n, width);
        MemorySegment to = operands.floats("out", out, n);
        health.run("gatherElements", () -> {
            for (int row = 0; row < n; row++) {
                long element = (long) row * width + at.get(INT, row * 4L);
                to.set(FLOAT, row * 4L, from.get(FLOAT, element * Float.BYTES));
            }
        });
    }

    private CpuKvLayer layer(KvLayer cache, HeadLayout heads) {
        if (!(cache instanceof CpuKvLayer layer)) {
            throw new IllegalArgumentException("the cache was made by another device");
        }
        operands.requireOwn("the cache", layer.owner());
        if (!layer.heads().equals(heads)) {
            throw new IllegalArgumentException("a cache of " + layer.heads() + " for " + heads);
        }
        return layer;
    }

    /** The memory of int32 indices, each of which must be below {@code limit}. */
    private MemorySegment indices(String name, Tensor tensor, int n, int limit) {
        MemorySegment values = operands.ints(name, tensor, n);
        for (int i = 0; i < n; i++) {
            int index = values.get(INT, i * 4L);
            if (index < 0 || index >= limit) {
                throw new IllegalArgumentException(name + "[" + i + "] is " + index + ", there are " + limit);
            }
        }
        return values;
    }

    private static int count(Tensor tensor) {
        return Math.toIntExact(tensor.shape().elements());
    }

    private static MemorySegment row(MemorySegment rows, int row, long rowBytes) {
        return rows.asSlice(row * rowBytes, rowBytes);
    }
}
