package io.pangu.runtime.scheduler;

/**
 * The sizes that a scheduler works within.
 *
 * @param numBlocks blocks of the cache
 * @param blockSize tokens of a block
 * @param maxBatchTokens most tokens of a step, at least {@code maxSequences}, so that no running sequence ever misses a step
 * @param maxSequences most sequences that run at once
 * @param prefixCaching whether blocks of computed tokens are shared
 */
public record SchedulerSettings(
        int numBlocks, int blockSize, int maxBatchTokens, int maxSequences, PrefixCaching prefixCaching) {

    public SchedulerSettings {
        if (numBlocks < 1 || blockSize < 1 || maxSequences < 1 || maxBatchTokens < maxSequences) {
            throw new IllegalArgumentException("blocks " + numBlocks + " of " + blockSize + " tokens, " + maxBatchTokens
                    + " tokens a step, " + maxSequences + " sequences: each at least 1, tokens at least sequences");
        }
    }

    /** Whether sequences with an equal beginning share its blocks. */
    public enum PrefixCaching {
        ON,
        OFF
    }

    /** Tokens that the whole cache holds: no sequence can be longer. */
    public int capacityTokens() {
        return (int) Math.min(Integer.MAX_VALUE, (long) numBlocks * blockSize);
    }
}
