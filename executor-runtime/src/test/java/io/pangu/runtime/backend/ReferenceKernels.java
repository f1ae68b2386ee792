package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.util.Arrays;

/** The operations of {@link Kernels} by their formulas (model-spec 3), row by row, in double precision. */
final class ReferenceKernels implements Kernels {
    private final ReferenceDevice device;
    private final ReferenceOperands operands;

    ReferenceKernels(ReferenceDevice device, ReferenceOperands operands) {
        this.device = device;
        this.operands = operands;
    }

    @Override
    public void embed(Tensor table, Tensor tokenIds, Tensor out) {
        int n = rows(tokenIds);
        int hidden = table.rowElements();
        int[] ids = operands.indices("tokenIds", tokenIds, table.shape().dim(0), n);
        operands.result("out", out, device.activationType(), Shape.of(n, hidden), table, tokenIds);
        double[] result = new double[n * hidden];
        for (int i = 0; i < n; i++) {
            double[] row = operands.stored("table", table.rows(ids[i], 1), 1, hidden);
            System.arraycopy(row, 0, result, i * hidden, hidden);
        }
        operands.write(out, result);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
        int n = rows(x);
        int hidden = width(x);
        double[] input = operands.activations("x", x, n, hidden);
        operands.result("out", out, device.activationType(), Shape.of(n, hidden), x, weight);
        operands.write(out, normalized(input, n, weight, epsilon));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float epsilon, Tensor out) {
        int n = rows(x);
        int hidden = width(x);
        double[] sum = operands.activations("residual", residual, n, hidden);
        double[] input = operands.activations("x", x, n, hidden);
        operands.result("residual", residual, device.activationType(), Shape.of(n, hidden), x, weight);
        operands.result("out", out, device.activationType(), Shape.of(n, hidden), x, residual, weight);
        for (int i = 0; i < sum.length; i++) {
            sum[i] += input[i];
        }
        operands.write(residual, sum);
        operands.write(out, normalized(sum, n, weight, epsilon));
    }

    private double[] normalized(double[] x, int n, Tensor weight, float epsilon) {
        int hidden = Math.toIntExact(weight.shape().elements());
        double[] scale = operands.activations("weight", weight, n == 0 ? hidden : x.length / n);
        double[] result = new double[x.length];
        for (int i = 0; i < n; i++) {
            double squares = 0;
            for (int h = 0; h < hidden; h++) {
                squares += x[i * hidden + h] * x[i * hidden + h];
            }
            double factor = 1 / Math.sqrt(squares / hidden + epsilon);
            for (int h = 0; h < hidden; h++) {
                result[i * hidden + h] = x[i * hidden + h] * factor * scale[h];
            }
        }
        return result;
    }

    @Override
    public void linear(Tensor x, LinearWeight weight, Tensor out) {
        if (!(weight instanceof ReferenceLinear linear) || linear.device() != device) {
            throw new IllegalArgumentException("the weight was packed by another device");
        }
        int n = rows(x);
        double[] input = operands.activations("x", x, n, linear.inFeatures());
        operands.result("out", out, device.activationType(), Shape.of(n, linear.outFeatures()), x);
        double[] result = new double[n * linear.outFeatures()];
        for (int i = 0; i < n; i++) {
            double[] row = linear.apply(row(input, i, linear.inFeatures()));
            System.arraycopy(row, 0, result, i * row.length, row.length);
        }
        operands.write(out, result);
    }

    @Override
    public void rope(Tensor qkv, HeadLayout heads, Tensor cos, Tensor sin) {
        int n = rows(qkv);
        int half = heads.headDim() / 2;
        double[] rows = operands.activations("qkv", qkv, n, heads.qkvSize());
        int width = heads.headDim();
        double[] cosines = operands.activations("cos", cos, n, width);
        double[] sines = operands.activations("sin", sin, n, width);
        operands.result("qkv", qkv, device.activationType(), qkv.shape(), cos, sin);
        for (int i = 0; i < n; i++) {
            for (int head = 0; head < heads.numHeads() + heads.numKvHeads(); head++) {
                int start = i * heads.qkvSize() + head * heads.headDim();
                for (int t = 0; t < half; t++) {
                    int at = i * width + t;
                    double low = rows[start + t];
                    double high = rows[start + t + half];
                    rows[start + t] = low * cosines[at] - high * sines[at];
                    rows[start + t + half] = high * cosines[at + half] + low * sines[at + half];
                }
            }
        }
        operands.write(qkv, rows);
    }

    @Override
    public void writeKvCache(Tensor qkv, HeadLayout heads, KvLayer cache, Tensor slots) {
        ReferenceKvLayer layer = layer(cache);
        int n = rows(qkv);
        double[] rows = operands.activations("qkv", qkv, n, heads.qkvSize());
        int[] slot = operands.indices("slots", slots, layer.numSlots(), n);
        if (Arrays.stream(slot).distinct().count() != n) {
            throw new IllegalArgumentException("a slot occurs twice in " + Arrays.toString(slot));
        }
        for (int i = 0; i < n; i++) {
            layer.write(slot[i], row(rows, i, heads.qkvSize()), heads);
        }
    }

    @Override
    public void attention(Tensor qkv, HeadLayout heads, KvLayer cache, AttentionPlan plan, Tensor out) {
        ReferenceKvLayer layer = layer(cache);
        layer.require(heads);
        int n = rows(qkv);
        double[] rows = operands.activations("qkv", qkv, n, heads.qkvSize());
        operands.result("out", out, device.activationType(), Shape.of(n, heads.querySize()), qkv, plan.blockTable());
        double[] result = new double[n * heads.querySize()];
        ReferenceAttention attention = new ReferenceAttention(heads, layer, plan, operands, n);
        for (int seq = 0; seq < plan.numSeqs(); seq++) {
            int[] slots = attention.slots(seq);
            for (int j = 0; j < plan.queryLength(seq); j++) {
                int i = plan.queryStarts()[seq] + j;
                int visible = plan.contextLengths()[seq] - plan.queryLength(seq) + j + 1;
                double[] row = attention.attend(row(rows, i, heads.qkvSize()), slots, visible);
                System.arraycopy(row, 0, result, i * row.length, row.length);
            }
        }
        operands.write(out, result);
    }

    @Override
    public void swiGlu(Tensor gateUp, Tensor out) {
        int n = rows(gateUp);
        int width = width(gateUp) / 2;
        double[] input = operands.activations("gateUp", gateUp, n, 2L * width);
        operands.result("out", out, device.activationType(), Shape.of(n, width), gateUp);
        double[] result = new double[n * width];
        for (int i = 0; i < n; i++) {
            System.arraycopy(swiGlu(row(input, i, 2 * width)), 0, result, i * width, width);
        }
        operands.write(out, result);
    }

    static double[] swiGlu(double[] gateUp) {
        double[] out = new double[gateUp.length / 2];
        for (int i = 0; i < out.length; i++) {
            out[i] = gateUp[i] / (1 + Math.exp(-gateUp[i])) * gateUp[out.length + i];
        }
        return out;
    }

    @Override
    public void routeGrouped(
            Tensor logits, Tensor routerScale, ExpertGroups groups, Tensor expertIds, Tensor expertWeights) {
        int n = rows(logits);
        int experts = width(logits);
        int perGroup = groups.expertsPerGroup(experts);
        int k = groups.count();
        double[] rows = logits.dtype() == DType.F32
                ? operands.parameters("logits", logits, n, experts)
                : operands.activations("logits", logits, n, experts);
        double[] scale = operands.parameters("routerScale", routerScale, experts);
        operands.result("expertIds", expertIds, DType.I32, Shape.of(n, k), logits, routerScale);
        operands.result("expertWeights", expertWeights, DType.F32, expertIds.shape(), logits, routerScale, expertIds);
        double[] ids = new double[n * k];
        double[] weights = new double[n * k];
        for (int i = 0; i < n; i++) {
            double[] softmax = softmax(row(rows, i, experts), experts);
            for (int g = 0; g < k; g++) {
                int start = (groups.first() + g) * perGroup;
                int best = start;
                for (int e = start + 1; e < start + perGroup; e++) {
                    best = softmax[e] > softmax[best] ? e : best;
                }
                ids[i * k + g] = best - groups.first() * perGroup;
                weights[i * k + g] = softmax[best] * scale[best];
            }
        }
        operands.write(expertIds, ids);
        operands.write(expertWeights, weights);
    }

    @Override
    public void addGroupedExperts(
            Tensor x, ExpertWeights experts, Tensor expertIds, Tensor expertWeights, Tensor rowsPerExpert, Tensor out) {
        if (!(experts instanceof ReferenceExperts weights)) {
            throw new IllegalArgumentException("the experts were packed by another device");
        }
        int n = rows(x);
        int hidden = experts.hiddenSize();
        int k = width(expertIds);
        double[] input = operands.activations("x", x, n, hidden);
        int[] ids = operands.indices("expertIds", expertIds, experts.numExperts(), n, k);
        double[] factors = operands.parameters("expertWeights", expertWeights, n, k);
        double[] result = operands.activations("out", out, n, hidden);
        operands.result("out", out, device.activationType(), out.shape(), x, expertIds, expertWeights);
        operands.result(
                "rowsPerExpert",
                rowsPerExpert,
                DType.I32,
                Shape.of(experts.numExperts()),
                x,
                expertIds,
                expertWeights,
                out);
        double[] counts = new double[experts.numExperts()];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < k; j++) {
                counts[ids[i * k + j]]++;
                if (j > 0 && ids[i * k + j] <= ids[i * k + j - 1]) {
                    throw new IllegalArgumentException("expert ids of row " + i + " do not ascend");
                }
                double[] expertOut = weights.apply(ids[i * k + j], row(input, i, hidden));
                for (int h = 0; h < hidden; h++) {
                    result[i * hidden + h] += factors[i * k + j] * expertOut[h];
                }
            }
        }
        operands.write(rowsPerExpert, counts);
        operands.write(out, result);
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        int m = rows(rows);
        int width = width(x);
        double[] input = operands.activations("x", x, rows(x), width);
        int[] index = operands.indices("rows", rows, rows(x), m);
        operands.result("out", out, device.activationType(), Shape.of(m, width), x, rows);
        double[] result = new double[m * width];
        for (int i = 0; i < m; i++) {
            System.arraycopy(input, index[i] * width, result, i * width, width);
        }
        operands.write(out, result);
    }

    @Override
    public void argmax(Tensor logits, Tensor ids, Tensor values) {
        int n = rows(logits);
        int vocab = width(logits);
        double[] rows = operands.activations("logits", logits, n, vocab);
        operands.result("ids", ids, DType.I32, Shape.of(n), logits);
        operands.result("values", values, DType.F32, Shape.of(n), logits, ids);
        double[] chosen = new double[n];
        double[] largest = new double[n];
        for (int i = 0; i < n; i++) {
            int best = 0;
            for (int v = 1; v < vocab; v++) {
                best = rows[i * vocab + v] > rows[i * vocab + best] ? v : best;
            }
            chosen[i] = best;
            largest[i] = rows[i * vocab + best];
        }
        operands.write(ids, chosen);
        operands.write(values, largest);
    }

    @Override
    public void logSumExp(Tensor logits, Tensor out) {
        int n = rows(logits);
        double[] rows = operands.activations("logits", logits, n, width(logits));
        operands.result("out", out, DType.F32, Shape.of(n), logits);
        double[] result = new double[n];
        for (int i = 0; i < n; i++) {
            double[] row = row(rows, i, width(logits));
            double largest = Arrays.stream(row).max().orElseThrow();
            double sum = Arrays.stream(row).map(v -> Math.exp(v - largest)).sum();
            result[i] = largest + Math.log(sum);
        }
        operands.write(out, result);
    }

    @Override
    public void gatherElements(Tensor x, Tensor columns, Tensor out) {
        int n = rows(x);
        int width = width(x);
        double[] rows = operands.activations("x", x, n, width);
        int[] at = operands.indices("columns", columns, width, n);
        operands.result("out", out, DType.F32, Shape.of(n), x, columns);
        double[] result = new double[n];
        for (int i = 0; i < n; i++) {
            result[i] = rows[i * width + at[i]];
        }
        operands.write(out, result);
    }

    /** Softmax of the first {@code count} values, in place. */
    static double[] softmax(double[] values, int count) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, values[i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            values[i] = Math.exp(values[i] - largest);
            sum += values[i];
        }
        for (int i = 0; i < count; i++) {
            values[i] /= sum;
        }
        return values;
    }

    private ReferenceKvLayer layer(KvLayer cache) {
        if (!(cache instanceof ReferenceKvLayer layer)) {
            throw new IllegalArgumentException("the cache was made by another device");
        }
        return layer;
    }

    private int rows(Tensor tensor) {
        device.requireOpen();
        return Math.toIntExact(tensor.shape().dim(0));
    }

    private static int width(Tensor tensor) {
        return Math.toIntExact(tensor.shape().dim(1));
    }

    private static double[] row(double[] matrix, int index, int width) {
        return Arrays.copyOfRange(matrix, index * width, (index + 1) * width);
    }
}
