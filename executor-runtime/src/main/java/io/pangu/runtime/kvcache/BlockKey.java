package io.pangu.runtime.kvcache;

/**
 * What a full block holds: 128 bits of SHA-256 over its own tokens and, through the key before it, all tokens since the
 * beginning of the sequence. Equal keys mean equal contents; nobody can make two prompts that share one by chance or intent.
 *
 * @param high upper 64 bits
 * @param low lower 64 bits
 */
public record BlockKey(long high, long low) {
    /** The key before a sequence's first block. */
    public static final BlockKey ROOT = new BlockKey(0, 0);

    @Override
    public int hashCode() {
        return Long.hashCode(low);
    }
}
