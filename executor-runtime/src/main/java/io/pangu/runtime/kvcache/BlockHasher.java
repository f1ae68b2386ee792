package io.pangu.runtime.kvcache;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Chains block keys. One thread. */
public final class BlockHasher {
    private final int blockSize;
    private final MessageDigest digest;
    private final ByteBuffer input;

    /** Hashes blocks of this many tokens. */
    public BlockHasher(int blockSize) {
        this.blockSize = blockSize;
        this.input = ByteBuffer.allocate(2 * Long.BYTES + blockSize * Integer.BYTES);
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is missing from this Java, which every Java must have", e);
        }
    }

    /** The key of the block {@code tokens[from .. from + blockSize)} that stands after the block of {@code previous}. */
    public BlockKey key(BlockKey previous, int[] tokens, int from) {
        input.clear();
        input.putLong(previous.high()).putLong(previous.low());
        for (int i = from; i < from + blockSize; i++) {
            input.putInt(tokens[i]);
        }
        ByteBuffer hash = ByteBuffer.wrap(digest.digest(input.array()));
        return new BlockKey(hash.getLong(), hash.getLong());
    }
}
