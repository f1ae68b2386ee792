package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.Tensor;

/**
 * The transformer's operations on a device, each over a whole ragged batch of {@code n} rows (tokens). Formulas: model-spec
 * 3, without its roundings to the model's dtype. Tensors are of the device's activation type unless said otherwise; the
 * caller owns them all; inputs and outputs do not alias unless a method says so. Results are complete after
 * {@link Device#synchronize()}.
 *
 * <p><b>A row's result has the same bits however many rows are in the call and wherever it stands among them.</b> On this
 * rest batch, chunk and cache invariance.
 */
public interface Kernels {
    /**
     * Looks rows of the embedding table up.
     *
     * @param table (vocab, hidden), F32, F16 or BF16
     * @param tokenIds (n) I32, each within the table
     * @param out (n, hidden)
     */
    void embed(Tensor table, Tensor tokenIds, Tensor out);

    /**
     * {@code out = x * rsqrt(mean(x^2) + epsilon) * weight}, in fp32.
     *
     * @param x (n, hidden)
     * @param weight (hidden)
     * @param out (n, hidden)
     */
    void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out);

    /**
     * {@code residual += x}, then {@code out = rmsNorm(residual)}.
     *
     * @param residual (n, hidden), read and written
     * @param x (n, hidden)
     * @param weight (hidden)
     * @param out (n, hidden)
     */
    void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float epsilon, Tensor out);

    /**
     * {@code out = x W^T + bias}, by the weight's scheme.
     *
     * @param x (n, inFeatures)
     * @param out (n, outFeatures)
     */
    void linear(Tensor x, LinearWeight weight, Tensor out);

    /**
     * Rotates the query and key heads of fused rows in place, rotate-half over the whole head: pair (t, t + headDim/2) by
     * the angle of its row's position.
     *
     * @param qkv (n, heads.qkvSize()), read and written; the value part is left alone
     * @param cos (n, headDim): cosines of each row's angles, both halves alike
     * @param sin (n, headDim): sines of each row's angles, both halves alike
     */
    void rope(Tensor qkv, HeadLayout heads, Tensor cos, Tensor sin);

    /**
     * Writes the key and value parts of fused rows into the cache.
     *
     * @param qkv (n, heads.qkvSize())
     * @param slots (n) I32: block id * block size + offset in the block; no slot twice in a call
     */
    void writeKvCache(Tensor qkv, HeadLayout heads, KvLayer cache, Tensor slots);

    /**
     * Causal attention with grouped queries over the paged cache: softmax(q k / sqrt(headDim)) v, softmax in fp32. The sum
     * over a row's context runs in one order that depends on the row's position alone.
     *
     * @param qkv (n, heads.qkvSize()), only the query part is read
     * @param out (n, heads.querySize())
     */
    void attention(Tensor qkv, HeadLayout heads, KvLayer cache, AttentionPlan plan, Tensor out);

    /**
     * {@code out = silu(gate) * up}.
     *
     * @param gateUp (n, 2 * width): gate, then up
     * @param out (n, width)
     */
    void swiGlu(Tensor gateUp, Tensor out);

    /**
     * Grouped routing: softmax over all experts in fp32, then in each of the device's groups of consecutive experts the
     * first largest; its weight is the softmax value times the expert's router scale, not renormalised.
     *
     * @param logits (n, numExperts), of all experts whatever the groups; of the activation type or F32
     * @param routerScale (numExperts) F32
     * @param groups the groups to choose from
     * @param expertIds out, (n, groups.count()) I32, ascending in a row, counted from the first expert of the first group
     * @param expertWeights out, (n, groups.count()) F32
     */
    void routeGrouped(Tensor logits, Tensor routerScale, ExpertGroups groups, Tensor expertIds, Tensor expertWeights);

    /**
     * {@code out += sum over the row's experts, in ascending expert id, of weight * down(swiGlu(gateUp(x)))}.
     *
     * @param x (n, hidden)
     * @param expertIds (n, k) I32, ascending in a row, each within {@code experts}
     * @param expertWeights (n, k) F32
     * @param rowsPerExpert out, (experts.numExperts()) I32: how many rows chose each expert
     * @param out (n, hidden), read and written
     */
    void addGroupedExperts(
            Tensor x, ExpertWeights experts, Tensor expertIds, Tensor expertWeights, Tensor rowsPerExpert, Tensor out);

    /**
     * Copies rows: {@code out[i] = x[rows[i]]}.
     *
     * @param x (n, width)
     * @param rows (m) I32
     * @param out (m, width)
     */
    void gatherRows(Tensor x, Tensor rows, Tensor out);

    /**
     * The first largest of each row, NaN never largest.
     *
     * @param logits (n, vocab)
     * @param ids out, (n) I32
     * @param values out, (n) F32: the logits at {@code ids}
     */
    void argmax(Tensor logits, Tensor ids, Tensor values);

    /**
     * {@code log(sum over j of exp(logits[i][j]))}: what turns a row's logits into log-probabilities.
     *
     * @param logits (n, vocab)
     * @param out (n) F32
     */
    void logSumExp(Tensor logits, Tensor out);

    /**
     * One element of each row: {@code out[i] = x[i][columns[i]]}.
     *
     * @param x (n, width)
     * @param columns (n) I32
     * @param out (n) F32
     */
    void gatherElements(Tensor x, Tensor columns, Tensor out);
}
