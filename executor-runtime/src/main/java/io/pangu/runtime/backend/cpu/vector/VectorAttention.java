package io.pangu.runtime.backend.cpu.vector;

import static io.pangu.runtime.backend.cpu.vector.Lanes.FLOATS;
import static io.pangu.runtime.backend.cpu.vector.Lanes.ORDER;

import io.pangu.runtime.backend.cpu.math.BlockKernels.PagedHead;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Attention of the query heads of one kv head over a paged cache in three passes: scores, softmax, weighted sum of the
 * values. Scores sum over the head's elements and values over the positions in ascending order. Queries are taken four at
 * a time, the last one standing in for those that are missing.
 */
final class VectorAttention {
    private static final int LANES = FLOATS.length();

    private final PagedHead cache;
    private final int contextLength;

    /** Positions rounded up to whole vectors: distance between the scores of two queries. */
    private final int stride;

    /** Scores, then weights: (numQueries, stride); after them the queries (numQueries, headDim). */
    private final float[] scratch;

    private VectorAttention(PagedHead cache, int contextLength, int numQueries) {
        this.cache = cache;
        this.contextLength = contextLength;
        this.stride = (contextLength + LANES - 1) / LANES * LANES;
        this.scratch = TileScratch.ofThread().floats(numQueries * (stride + cache.headDim()));
    }

    static void attendHeads(
            MemorySegment queries, int numQueries, PagedHead cache, int contextLength, float scale, MemorySegment out) {
        new VectorAttention(cache, contextLength, numQueries).attend(queries, numQueries, scale, out);
    }

    private void attend(MemorySegment queries, int numQueries, float scale, MemorySegment out) {
        int queriesAt = numQueries * stride;
        MemorySegment.copy(queries, Lanes.FLOAT, 0, scratch, queriesAt, numQueries * cache.headDim());
        for (int q = 0; q < numQueries; q += 4) {
            int last = numQueries - 1;
            score(queriesAt, q, Math.min(q + 1, last), Math.min(q + 2, last), Math.min(q + 3, last));
        }
        for (int q = 0; q < numQueries; q++) {
            softmax(q * stride, scale);
        }
        for (int q = 0; q < numQueries; q += 4) {
            for (int dim = 0; dim < cache.headDim(); dim += LANES) {
                addValues(q, Math.min(4, numQueries - q), dim, out);
            }
        }
    }

    /** Offset in bytes of the first key or value of the head in the block that holds a position. */
    private long blockAt(int position) {
        int block = cache.blockTable().get(Lanes.INT, (long) (position / cache.blockSize()) * Integer.BYTES);
        long vectors = ((long) block * cache.numKvHeads() + cache.head()) * cache.blockSize();
        return vectors * cache.headDim() * Float.BYTES;
    }

    /** Products of four queries with all keys. */
    private void score(int queriesAt, int q0, int q1, int q2, int q3) {
        int headDim = cache.headDim();
        MemorySegment keys = cache.keys();
        long rowBytes = (long) cache.blockSize() * Float.BYTES;
        for (int position = 0; position < contextLength; position += LANES) {
            long keysAt = blockAt(position) + (long) (position % cache.blockSize()) * Float.BYTES;
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            for (int d = 0; d < headDim; d++) {
                FloatVector key = FloatVector.fromMemorySegment(FLOATS, keys, keysAt + d * rowBytes, ORDER);
                int at = queriesAt + d;
                s0 = key.fma(FloatVector.broadcast(FLOATS, scratch[at + q0 * headDim]), s0);
                s1 = key.fma(FloatVector.broadcast(FLOATS, scratch[at + q1 * headDim]), s1);
                s2 = key.fma(FloatVector.broadcast(FLOATS, scratch[at + q2 * headDim]), s2);
                s3 = key.fma(FloatVector.broadcast(FLOATS, scratch[at + q3 * headDim]), s3);
            }
            s0.intoArray(scratch, q0 * stride + position);
            s1.intoArray(scratch, q1 * stride + position);
            s2.intoArray(scratch, q2 * stride + position);
            s3.intoArray(scratch, q3 * stride + position);
        }
    }

    /** Replaces a query's scores by their softmax; what stands beyond the context does not take part. */
    private void softmax(int at, float scale) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < contextLength; i++) {
            largest = Math.max(largest, scratch[at + i]);
        }
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int i = 0; i < contextLength; i += LANES) {
            VectorMask<Float> inside = FLOATS.indexInRange(i, contextLength);
            FloatVector score = FloatVector.fromArray(FLOATS, scratch, at + i, inside);
            FloatVector weight = VectorMath.exp(score.sub(largest).mul(scale));
            weight.intoArray(scratch, at + i, inside);
            sums = sums.add(weight, inside);
        }
        float factor = 1 / VectorMath.sum(sums);
        for (int i = 0; i < contextLength; i++) {
            scratch[at + i] *= factor;
        }
    }

    /** One vector of the outputs of up to four queries. */
    private void addValues(int query, int numQueries, int dim, MemorySegment out) {
        VectorMask<Float> inside = FLOATS.indexInRange(dim, cache.headDim());
        int w0 = query * stride;
        int w1 = w0 + Math.min(1, numQueries - 1) * stride;
        int w2 = w0 + Math.min(2, numQueries - 1) * stride;
        int w3 = w0 + Math.min(3, numQueries - 1) * stride;
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        long rowBytes = (long) cache.headDim() * Float.BYTES;
        for (int from = 0; from < contextLength; from += cache.blockSize()) {
            int count = Math.min(cache.blockSize(), contextLength - from);
            long at = blockAt(from) + (long) dim * Float.BYTES;
            for (int i = from; i < from + count; i++) {
                FloatVector v = FloatVector.fromMemorySegment(FLOATS, cache.values(), at, ORDER, inside);
                a0 = v.fma(FloatVector.broadcast(FLOATS, scratch[w0 + i]), a0);
                a1 = v.fma(FloatVector.broadcast(FLOATS, scratch[w1 + i]), a1);
                a2 = v.fma(FloatVector.broadcast(FLOATS, scratch[w2 + i]), a2);
                a3 = v.fma(FloatVector.broadcast(FLOATS, scratch[w3 + i]), a3);
                at += rowBytes;
            }
        }
        long outAt = query * rowBytes + (long) dim * Float.BYTES;
        a0.intoMemorySegment(out, outAt, ORDER, inside);
        a1.intoMemorySegment(out, outAt + Math.min(1, numQueries - 1) * rowBytes, ORDER, inside);
        a2.intoMemorySegment(out, outAt + Math.min(2, numQueries - 1) * rowBytes, ORDER, inside);
        a3.intoMemorySegment(out, outAt + Math.min(3, numQueries - 1) * rowBytes, ORDER, inside);
    }
}
