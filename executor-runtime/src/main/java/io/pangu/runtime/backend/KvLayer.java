package io.pangu.runtime.backend;

/** The paged key and value cache of one decoder layer, in the device's own layout and element type. */
public interface KvLayer extends AutoCloseable {
    int numBlocks();

    /** Tokens of one block. */
    int blockSize();

    /** Size of keys and values together, in bytes. */
    long sizeBytes();

    @Override
    void close();
}
