package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.KvLayer;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;

/**
 * The operations of an NPU, each composed of CANN's operators: operands are checked, then operators are put on the stream.
 * Indices are not checked, they are on the device. Used by the thread that drives the device.
 */
final class CannKernels implements Kernels, AutoCloseable {
    private final CannQueue queue;
    private final CannHealth health;
    private final CannOperands operands;
    private final CannConstants constants;
    private final Scratch scratch;
    private final LengthArrays lengths;
    private final LinearOperators linear;
    private final NormOperators norm;
    private final RotaryOperators rotary;
    private final CacheOperators cache;
    private final AttentionOperators attention;
    private final RoutingOperators routing;
    private final ExpertOperators experts;
    private final RowOperators rows;

    CannKernels(NpuSession session) {
        this.queue = session.queue();
        this.health = session.health();
        this.operands = session.operands();
        this.constants = new CannConstants(session);
        this.scratch = session.scratch();
        this.lengths = new LengthArrays(session.cann().tensors());
        this.linear = new LinearOperators(queue, constants, scratch);
        this.norm = new NormOperators(queue, scratch);
        this.rotary = new RotaryOperators(queue, constants, scratch);
        this.cache = new CacheOperators(queue);
        this.attention = new AttentionOperators(queue, constants, lengths);
        this.routing = new RoutingOperators(queue, constants, scratch);
        this.experts = new ExpertOperators(queue, constants, scratch);
        this.rows = new RowOperators(queue, constants, scratch);
    }

    /** How often memory that its operators work with has come to lie somewhere else. */
    long numMoves() {
        return scratch.numMoves() + constants.numMoves();
    }

    @Override
    public void embed(Tensor table, Tensor tokenIds, Tensor out) {
        int n = count(tokenIds);
        int width = table.rowElements();
        CannTensor all = operands.of("table", table, table.dtype(), table.rows(), width);
        CannTensor ids = operands.ints("tokenIds", tokenIds, n);
        CannTensor target = operands.activations("out", out, n, width);
        kernel("embed", n, () -> rows.embed(all, ids, target));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
        int n = x.rows();
        int width = count(weight);
        CannTensor from = operands.activations("x", x, n, width);
        CannTensor scale = operands.activations("weight", weight, width);
        CannTensor to = operands.activations("out", out, n, width);
        kernel("rmsNorm", n, () -> norm.rmsNorm(from, scale, epsilon, to));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float epsilon, Tensor out) {
        int n = x.rows();
        int width = count(weight);
        CannTensor sum = operands.activations("residual", residual, n, width);
        CannTensor from = operands.activations("x", x, n, width);
        CannTensor scale = operands.activations("weight", weight, width);
        CannTensor to = operands.activations("out", out, n, width);
        kernel("addRmsNorm", n, () -> norm.addRmsNorm(sum, from, scale, epsilon, to));
    }

    @Override
    public void linear(Tensor x, LinearWeight weight, Tensor out) {
        CannLayer layer = own(weight);
        int n = x.rows();
        CannTensor from = operands.activations("x", x, n, layer.inFeatures());
        CannTensor to = operands.activations("out", out, n, layer.outFeatures());
        kernel("linear", n, () -> linear.multiply(from, layer, to));
    }

    @Override
    public void rope(Tensor qkv, HeadLayout heads, Tensor cos, Tensor sin) {
        int n = qkv.rows();
        CannTensor fused = operands.activations("qkv", qkv, n, heads.qkvSize());
        CannTensor cosines = operands.activations("cos", cos, n, heads.headDim());
        CannTensor sines = operands.activations("sin", sin, n, heads.headDim());
        kernel("rope", n, () -> rotary.rotate(fused, heads, cosines, sines));
    }

    @Override
    public void writeKvCache(Tensor qkv, HeadLayout heads, KvLayer layer, Tensor slots) {
        CannKvLayer own = own(layer, heads);
        int n = qkv.rows();
        CannTensor fused = operands.activations("qkv", qkv, n, heads.qkvSize());
        CannTensor at = operands.ints("slots", slots, n);
        kernel("writeKvCache", n, () -> cache.write(new FusedRows(fused, heads), own, at));
    }

    @Override
    public void attention(Tensor qkv, HeadLayout heads, KvLayer layer, AttentionPlan plan, Tensor out) {
        CannKvLayer own = own(layer, heads);
        int n = plan.numRows();
        if (plan.blockSize() != own.blockSize()) {
            throw new IllegalArgumentException(
                    "blocks of " + plan.blockSize() + " tokens, the cache's have " + own.blockSize());
        }
        CannTensor fused = operands.activations("qkv", qkv, n, heads.qkvSize());
        CannTensor to = operands.activations("out", out, n, heads.querySize());
        AttentionOperators.Attention any = attention.of(new FusedRows(fused, heads), own, this::table, to.start());
        kernel("attention", n, () -> queue.attend(plan, any));
    }

    private long table(AttentionPlan plan) {
        return operands.ints(
                        "blockTable",
                        plan.blockTable(),
                        plan.blockTable().shape().dims())
                .start();
    }

    @Override
    public void swiGlu(Tensor gateUp, Tensor out) {
        int n = out.rows();
        int width = out.rowElements();
        CannTensor from = operands.activations("gateUp", gateUp, n, 2L * width);
        CannTensor to = operands.activations("out", out, n, width);
        kernel("swiGlu", n, () -> rows.swiGlu(from, to));
    }

    @Override
    public void routeGrouped(
            Tensor logits, Tensor routerScale, ExpertGroups groups, Tensor expertIds, Tensor expertWeights) {
        int n = logits.rows();
        int numExperts = count(routerScale);
        groups.expertsPerGroup(numExperts);
        CannTensor from = logits.dtype() == DType.F32
                ? operands.floats("logits", logits, n, numExperts)
                : operands.activations("logits", logits, n, numExperts);
        CannTensor scale = operands.floats("routerScale", routerScale, numExperts);
        CannTensor ids = operands.ints("expertIds", expertIds, n, groups.count());
        CannTensor weights = operands.floats("expertWeights", expertWeights, n, groups.count());
        kernel("routeGrouped", n, () -> routing.route(from, scale, groups, ids, weights));
    }

    @Override
    public void addGroupedExperts(
            Tensor x, ExpertWeights weights, Tensor expertIds, Tensor expertWeights, Tensor rowsPerExpert, Tensor out) {
        if (!(weights instanceof CannExperts own)) {
            throw new IllegalArgumentException("the experts were packed by another device");
        }
        operands.requireOwn("experts", own.down().weight());
        int n = x.rows();
        int k = n == 0 ? 0 : expertIds.rowElements();
        CannTensor from = operands.activations("x", x, n, own.hiddenSize());
        CannTensor ids = operands.ints("expertIds", expertIds, n, k);
        CannTensor factors = operands.floats("expertWeights", expertWeights, n, k);
        CannTensor counts = operands.ints("rowsPerExpert", rowsPerExpert, own.numExperts());
        CannTensor to = operands.activations("out", out, n, own.hiddenSize());
        if (n == 0) {
            kernel("addGroupedExperts", 1, () -> experts.countNothing(counts));
        } else {
            kernel("addGroupedExperts", n, () -> experts.add(from, own, ids, factors, counts, to));
        }
    }

    @Override
    public void gatherRows(Tensor x, Tensor index, Tensor out) {
        int m = count(index);
        int width = x.rowElements();
        CannTensor from = operands.activations("x", x, x.rows(), width);
        CannTensor at = operands.ints("rows", index, m);
        CannTensor to = operands.activations("out", out, m, width);
        kernel("gatherRows", m, () -> rows.gatherRows(from, at, to));
    }

    @Override
    public void argmax(Tensor logits, Tensor ids, Tensor values) {
        int n = logits.rows();
        CannTensor from = operands.activations("logits", logits, n, logits.rowElements());
        CannTensor chosen = operands.ints("ids", ids, n);
        CannTensor largest = operands.floats("values", values, n);
        kernel("argmax", n, () -> rows.argmax(from, chosen, largest));
    }

    @Override
    public void logSumExp(Tensor logits, Tensor out) {
        int n = logits.rows();
        CannTensor from = operands.activations("logits", logits, n, logits.rowElements());
        CannTensor to = operands.floats("out", out, n);
        kernel("logSumExp", n, () -> rows.logSumExp(from, to));
    }

    @Override
    public void gatherElements(Tensor x, Tensor columns, Tensor out) {
        int n = x.rows();
        CannTensor from = operands.activations("x", x, n, x.rowElements());
        CannTensor at = operands.ints("columns", columns, n);
        CannTensor to = operands.floats("out", out, n);
        kernel("gatherElements", n, () -> rows.gatherElements(from, at, to));
    }

    /** Runs a kernel, unless there are no rows: operators take no empty tensors. */
    private void kernel(String name, int numRows, Runnable work) {
        health.check();
        if (numRows > 0) {
            health.run("run the kernel " + name, work);
        }
    }

    private CannLayer own(LinearWeight weight) {
        if (!(weight instanceof CannLayer layer)) {
            throw new IllegalArgumentException("the weight was packed by another device");
        }
        operands.requireOwn("weight", layer.runs().get(0).weight());
        return layer;
    }

    private CannKvLayer own(KvLayer layer, HeadLayout heads) {
        if (!(layer instanceof CannKvLayer own)) {
            throw new IllegalArgumentException("the cache was made by another device");
        }
        operands.requireOwn("the cache", own.keys());
        if (!own.heads().equals(heads)) {
            throw new IllegalArgumentException("a cache of " + own.heads() + " for " + heads);
        }
        return own;
    }

    private static int count(Tensor tensor) {
        return Math.toIntExact(tensor.shape().elements());
    }

    @Override
    public void close() {
        Cleanup cleanup = new Cleanup();
        cleanup.run(lengths::close);
        cleanup.run(constants::close);
        cleanup.run(scratch::close);
        cleanup.throwFailure();
    }
}
