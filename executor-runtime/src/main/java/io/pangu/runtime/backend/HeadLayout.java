package io.pangu.runtime.backend;

/**
 * How the heads of one fused q, k, v row lie: {@code numHeads} query heads, then {@code numKvHeads} key heads, then as many
 * value heads, each {@code headDim} elements. Query head n reads kv head {@code n / (numHeads / numKvHeads)}.
 */
public record HeadLayout(int numHeads, int numKvHeads, int headDim) {
    public HeadLayout {
        if (numHeads <= 0 || numKvHeads <= 0 || headDim <= 0 || numHeads % numKvHeads != 0 || headDim % 2 != 0) {
            throw new IllegalArgumentException("heads " + numHeads + ", kv heads " + numKvHeads + ", head dim "
                    + headDim + " do not fit together");
        }
    }

    /** Elements of one fused q, k, v row. */
    public int qkvSize() {
        return (numHeads + 2 * numKvHeads) * headDim;
    }

    /** Elements of the query part, and of an attention output row. */
    public int querySize() {
        return numHeads * headDim;
    }

    /** Elements of the key part, and of the value part. */
    public int kvSize() {
        return numKvHeads * headDim;
    }
}
