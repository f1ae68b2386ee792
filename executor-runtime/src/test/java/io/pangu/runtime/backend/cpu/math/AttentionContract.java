package io.pangu.runtime.backend.cpu.math;

import static io.pangu.runtime.backend.cpu.math.TestMemory.UNTOUCHED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cpu.math.BlockKernels.PagedHead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What every implementation of attention owes, against a softmax in double precision. */
public interface AttentionContract {
    BlockKernels kernels();

    /**
     * A cache of two kv heads whose slots beyond the context hold NaN, its blocks in no order.
     *
     * @param keys (context, headDim) of kv head 1
     * @param values (context, headDim) of kv head 1
     */
    record Context(int length, int blockSize, int headDim, float[] keys, float[] values) {
        static Context random(int length, int blockSize, int headDim, double keySize) {
            Random random = new Random(31L * length + 7L * blockSize + headDim);
            return new Context(
                    length,
                    blockSize,
                    headDim,
                    TestMemory.gaussian(random, length * headDim, keySize),
                    TestMemory.gaussian(random, length * headDim, 1));
        }

        PagedHead in(Arena arena) {
            int numIds = (length + blockSize - 1) / blockSize;
            int numBlocks = numIds + 2;
            int blockFloats = 2 * blockSize * headDim;
            MemorySegment keyCache = TestMemory.untouched(arena, numBlocks * blockFloats);
            MemorySegment valueCache = TestMemory.untouched(arena, numBlocks * blockFloats);
            int[] table = new int[numIds];
            for (int i = 0; i < numIds; i++) {
                table[i] = numIds - i;
            }
            for (int t = 0; t < length; t++) {
                long head = (long) table[t / blockSize] * blockFloats + (long) blockSize * headDim;
                int slot = t % blockSize;
                for (int d = 0; d < headDim; d++) {
                    keyCache.setAtIndex(
                            ValueLayout.JAVA_FLOAT, head + (long) d * blockSize + slot, keys[t * headDim + d]);
                    valueCache.setAtIndex(
                            ValueLayout.JAVA_FLOAT, head + (long) slot * headDim + d, values[t * headDim + d]);
                }
            }
            return new PagedHead(keyCache, valueCache, TestMemory.ints(arena, table), 1, 2, blockSize, headDim);
        }

        double[] expected(float[] query, float scale) {
            double[] scores = new double[length];
            double largest = Double.NEGATIVE_INFINITY;
            for (int t = 0; t < length; t++) {
                for (int d = 0; d < headDim; d++) {
                    scores[t] += (double) query[d] * keys[t * headDim + d];
                }
                scores[t] *= scale;
                largest = Math.max(largest, scores[t]);
            }
            double sum = 0;
            double[] out = new double[headDim];
            for (int t = 0; t < length; t++) {
                double weight = Math.exp(scores[t] - largest);
                sum += weight;
                for (int d = 0; d < headDim; d++) {
                    out[d] += weight * values[t * headDim + d];
                }
            }
            for (int d = 0; d < headDim; d++) {
                out[d] /= sum;
            }
            return out;
        }
    }

    private float[] attend(Context context, float[] queries, float scale) {
        try (Arena arena = Arena.ofConfined()) {
            int numQueries = queries.length / context.headDim;
            MemorySegment out = TestMemory.untouched(arena, queries.length + 16);
            kernels()
                    .attendHeads(
                            TestMemory.floats(arena, queries),
                            numQueries,
                            context.in(arena),
                            context.length,
                            scale,
                            out);
            for (int i = queries.length; i < queries.length + 16; i++) {
                assertThat(TestMemory.bits(out, i)).as("beyond the output").isEqualTo(UNTOUCHED);
            }
            return TestMemory.toFloats(out, queries.length);
        }
    }

    private void assertAttention(Context context, int numQueries) {
        float[] queries = TestMemory.gaussian(new Random(numQueries), numQueries * context.headDim, 1);
        float scale = (float) (1 / Math.sqrt(context.headDim));
        float[] out = attend(context, queries, scale);
        for (int q = 0; q < numQueries; q++) {
            float[] query = new float[context.headDim];
            System.arraycopy(queries, q * context.headDim, query, 0, context.headDim);
            double[] expected = context.expected(query, scale);
            for (int d = 0; d < context.headDim; d++) {
                assertThat((double) out[q * context.headDim + d])
                        .as("%s query %d of %d, element %d", context, q, numQueries, d)
                        .isCloseTo(expected[d], Offset.offset(3e-6));
            }
        }
    }

    @Test
    default void attentionIsRightAtContextsAroundEveryBlockBoundary() {
        for (int blockSize : new int[] {16, 32, 48, 64, 128}) {
            for (int length : new int[] {1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 300}) {
                assertAttention(Context.random(length, blockSize, 64, 1), 3);
            }
        }
    }

    @Test
    default void attentionIsRightForEveryHeadSize() {
        for (int headDim : new int[] {2, 4, 8, 12, 16, 18, 32, 48, 64, 66, 80, 96, 112, 128, 192, 256}) {
            assertAttention(Context.random(70, 32, headDim, 1), 2);
        }
    }

    @Test
    default void attentionIsRightForEveryNumberOfHeadsInAGroup() {
        for (int numQueries = 1; numQueries <= 17; numQueries++) {
            assertAttention(Context.random(45, 16, 64, 1), numQueries);
        }
    }

    @Test
    default void aQueryHasTheSameBitsAloneAndInAnyGroup() {
        Context context = Context.random(133, 32, 80, 1);
        float[] queries = TestMemory.gaussian(new Random(5), 13 * 80, 1);
        float[] together = attend(context, queries, 0.1f);
        for (int first = 0; first < 13; first++) {
            for (int numQueries = 1; numQueries <= 13 - first; numQueries++) {
                float[] some = new float[numQueries * 80];
                System.arraycopy(queries, first * 80, some, 0, some.length);
                float[] out = attend(context, some, 0.1f);
                for (int i = 0; i < out.length; i++) {
                    assertThat(Float.floatToRawIntBits(out[i]))
                            .isEqualTo(Float.floatToRawIntBits(together[first * 80 + i]));
                }
            }
        }
    }

    @Test
    default void largeScoresDoNotOverflow() {
        Context context = Context.random(100, 16, 32, 200);
        float[] query = TestMemory.gaussian(new Random(8), 32, 100);
        float[] out = attend(context, query, 1);
        double[] expected = context.expected(query, 1);
        for (int d = 0; d < 32; d++) {
            assertThat((double) out[d]).isCloseTo(expected[d], Offset.offset(1e-4));
        }
    }

    @Test
    default void equalScoresGiveTheMeanOfTheValues() {
        Context context = Context.random(50, 16, 16, 1);
        float[] out = attend(context, new float[16], 1);
        for (int d = 0; d < 16; d++) {
            double sum = 0;
            for (int t = 0; t < 50; t++) {
                sum += context.values[t * 16 + d];
            }
            assertThat((double) out[d]).isCloseTo(sum / 50, Offset.offset(1e-6));
        }
    }

    @Test
    default void blockIdsBeyondTheCacheAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            PagedHead cache = Context.random(20, 16, 16, 1).in(arena);
            MemorySegment out = arena.allocate(64, 64);
            for (int id : new int[] {-1, 4, Integer.MAX_VALUE}) {
                cache.blockTable().setAtIndex(ValueLayout.JAVA_INT, 1, id);
                assertThatThrownBy(() -> kernels().attendHeads(out, 1, cache, 20, 1, out))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }

    @Test
    default void contextsBeyondTheBlockTableAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            PagedHead cache = Context.random(20, 16, 16, 1).in(arena);
            MemorySegment query = arena.allocate(64, 64);
            MemorySegment out = arena.allocate(64, 64);
            assertThatThrownBy(() -> kernels().attendHeads(query, 1, cache, 33, 1, out))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kernels().attendHeads(query, 2, cache, 20, 1, out))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
