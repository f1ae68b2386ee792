package io.pangu.runtime.scheduler;

import io.pangu.runtime.kvcache.BlockHasher;
import io.pangu.runtime.kvcache.BlockKey;
import io.pangu.runtime.kvcache.BlockPool;
import io.pangu.runtime.kvcache.BlockTable;
import io.pangu.runtime.scheduler.SchedulerSettings.PrefixCaching;
import java.util.OptionalInt;

/** Gives sequences their blocks and takes them back. One thread. */
final class SequenceBlocks {
    private final BlockPool pool;
    private final int blockSize;
    private final PrefixCaching caching;
    private final BlockHasher hasher;

    SequenceBlocks(SchedulerSettings settings) {
        this.pool = new BlockPool(settings.numBlocks());
        this.blockSize = settings.blockSize();
        this.caching = settings.prefixCaching();
        this.hasher = new BlockHasher(blockSize);
    }

    int numFree() {
        return pool.numFree();
    }

    /**
     * Gives a sequence without blocks all that its tokens need, known ones first; if then fewer than {@code reserve} were free
     * it gets none.
     */
    boolean tryAdmit(Sequence sequence, int reserve) {
        BlockTable table = sequence.blocks();
        int found = retainKnown(sequence);
        int missing = numBlocks(sequence.numTokens()) - table.size();
        if (missing + reserve > pool.numFree()) {
            release(sequence);
            return false;
        }
        sequence.admit(found * blockSize);
        return tryCover(sequence);
    }

    /** Gives a sequence the blocks that its tokens need; false when they ran out, what it got by then it keeps. */
    boolean tryCover(Sequence sequence) {
        BlockTable table = sequence.blocks();
        int needed = numBlocks(sequence.numTokens());
        while (table.size() < needed) {
            if (pool.numFree() == 0) {
                return false;
            }
            table.append(pool.allocate());
        }
        return true;
    }

    /** Makes blocks findable whose last token was computed since {@code before} tokens were. */
    void publish(Sequence sequence, int before) {
        if (caching == PrefixCaching.OFF) {
            return;
        }
        int shareable = Math.min(sequence.numComputed(), sequence.numStableTokens()) / blockSize;
        for (int i = before / blockSize; i < shareable; i++) {
            pool.publish(sequence.blocks().block(i), key(sequence, i));
        }
    }

    /** Takes all blocks back. */
    void release(Sequence sequence) {
        BlockTable table = sequence.blocks();
        while (table.size() > 0) {
            pool.release(table.removeLast());
        }
        sequence.forgetComputed();
    }

    private int retainKnown(Sequence sequence) {
        if (caching == PrefixCaching.OFF) {
            return 0;
        }
        // A token whose output is wanted must be computed, and a block that is written must not be shared.
        int most = Math.min(sequence.nextOutput(), sequence.numStableTokens()) / blockSize;
        int found = 0;
        while (found < most) {
            OptionalInt block = pool.find(key(sequence, found));
            if (block.isEmpty()) {
                break;
            }
            pool.retain(block.getAsInt());
            sequence.blocks().append(block.getAsInt());
            found++;
        }
        return found;
    }

    private BlockKey key(Sequence sequence, int block) {
        while (sequence.keys().size() <= block) {
            int next = sequence.keys().size();
            BlockKey previous = next == 0 ? BlockKey.ROOT : sequence.keys().get(next - 1);
            sequence.keys().add(hasher.key(previous, sequence.tokens(), next * blockSize));
        }
        return sequence.keys().get(block);
    }

    private int numBlocks(int tokens) {
        return (tokens + blockSize - 1) / blockSize;
    }
}
