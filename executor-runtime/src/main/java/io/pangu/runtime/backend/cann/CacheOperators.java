package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;

/** Writes keys and values into the paged cache. */
final class CacheOperators {
    private final CannQueue queue;

    CacheOperators(CannQueue queue) {
        this.queue = queue;
    }

    /**
     * Writes keys and values of fused rows.
     *
     * @param slots (n) INT32
     */
    void write(FusedRows rows, CannKvLayer cache, CannTensor slots) {
        if (queue.has(AclnnOperator.SCATTER_PA_KV_CACHE)) {
            scatterBoth(rows, cache, slots);
        } else {
            scatter(rows.keyRows(), cache, cache.keys(), slots);
            scatter(rows.valueRows(), cache, cache.values(), slots);
        }
    }

    private void scatterBoth(FusedRows rows, CannKvLayer cache, CannTensor slots) {
        queue.run(
                AclnnOperator.SCATTER_PA_KV_CACHE,
                (ops, plan, t) -> ops.flashAttention()
                        .scatterPaKvCache(plan, t.tensor(0), t.tensor(1), t.tensor(2), t.tensor(3), t.tensor(4)),
                rows.keyHeads().read(),
                heads(cache, cache.keys(), rows).updated(),
                slots.read(),
                rows.valueHeads().read(),
                heads(cache, cache.values(), rows).updated());
    }

    private static CannTensor heads(CannKvLayer cache, CannBuffer half, FusedRows rows) {
        HeadLayout heads = cache.heads();
        return CannTensor.dense(
                rows.rows().view().dataType(),
                half.address(),
                cache.numBlocks(),
                cache.blockSize(),
                heads.numKvHeads(),
                heads.headDim());
    }

    private void scatter(CannTensor updates, CannKvLayer cache, CannBuffer half, CannTensor slots) {
        CannTensor all = CannTensor.dense(
                updates.view().dataType(),
                half.address(),
                (long) cache.numBlocks() * cache.blockSize(),
                cache.heads().kvSize());
        CannTensor indices = CannTensor.dense(AclDataType.INT32, slots.start(), slots.rows(), 1);
        queue.run(
                AclnnOperator.SCATTER_ND_UPDATE,
                (ops, plan, t) -> ops.index().scatterNdUpdate(plan, t.tensor(0), t.tensor(1), t.tensor(2)),
                all.updated(),
                indices.read(),
                updates.read());
    }
}
