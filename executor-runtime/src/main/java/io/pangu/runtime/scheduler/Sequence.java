package io.pangu.runtime.scheduler;

import io.pangu.runtime.kvcache.BlockKey;
import io.pangu.runtime.kvcache.BlockTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tokens of one request on their way through the model: how many are computed, in which blocks, and from which on the
 * model's output is wanted. Grows while it runs. One thread, the scheduler's.
 */
public final class Sequence {
    private int[] tokens;
    private int numTokens;
    private final int numPromptTokens;
    private final int maxTokens;
    private int numStableTokens;
    private int numComputed;
    private int nextOutput;
    private int numCached;
    private boolean admittedBefore;
    private long arrival = -1;
    private final BlockTable blocks = new BlockTable();
    // Keys of the first full blocks, as far as anyone asked.
    private final List<BlockKey> keys = new ArrayList<>();

    /**
     * A sequence of which nothing is computed.
     *
     * @param prompt the first tokens, at least one; copied
     * @param maxTokens how long it may ever get
     * @param firstOutput index of the first token after which the model's output is wanted; that of every later token is
     */
    public Sequence(int[] prompt, int maxTokens, int firstOutput) {
        if (prompt.length == 0 || maxTokens < prompt.length || firstOutput < 0 || firstOutput >= prompt.length) {
            throw new IllegalArgumentException("prompt of " + prompt.length + " tokens, at most " + maxTokens
                    + " in all, output from token " + firstOutput);
        }
        this.tokens = prompt.clone();
        this.numTokens = prompt.length;
        this.numPromptTokens = prompt.length;
        this.numStableTokens = maxTokens;
        this.maxTokens = maxTokens;
        this.nextOutput = firstOutput;
    }

    public int numTokens() {
        return numTokens;
    }

    public int numPromptTokens() {
        return numPromptTokens;
    }

    /** How long it may ever get. */
    public int maxTokens() {
        return maxTokens;
    }

    /** Tokens from the start whose keys and values are in its blocks. */
    public int numComputed() {
        return numComputed;
    }

    /** Prompt tokens that were found in the cache when it first ran. */
    public int numCached() {
        return numCached;
    }

    /** Index of the first token whose output is still wanted. */
    public int nextOutput() {
        return nextOutput;
    }

    public int token(int index) {
        return tokens[index];
    }

    /** All tokens; entries from {@link #numTokens()} on mean nothing. Not a copy. */
    public int[] tokens() {
        return tokens;
    }

    public BlockTable blocks() {
        return blocks;
    }

    /** Adds a token at the end; the output after it is wanted. */
    public void append(int token) {
        ensureRoom(numTokens + 1);
        tokens[numTokens++] = token;
    }

    /**
     * Goes back to the first {@code length} tokens, all of them computed, and on with other ones: the cache of the common part
     * is kept. Output is wanted after each of the new tokens. The caller has said by {@link #limitSharing} that tokens from
     * there on are not for others.
     */
    public void replaceTail(int length, int[] tail) {
        if (length < numStableTokens || length > numComputed) {
            throw new IllegalArgumentException("a tail from token " + length + " of a sequence with " + numStableTokens
                    + " stable and " + numComputed + " computed tokens");
        }
        ensureRoom(length + tail.length);
        System.arraycopy(tail, 0, tokens, length, tail.length);
        numTokens = length + tail.length;
        numComputed = length;
        nextOutput = length;
    }

    /** States that only the first {@code count} tokens stay as they are, so that later ones are never shared. */
    public void limitSharing(int count) {
        numStableTokens = count;
    }

    int remaining() {
        return numTokens - numComputed;
    }

    long arrival() {
        return arrival;
    }

    void arrive(long number) {
        arrival = number;
    }

    /** Tokens that others may share once they are computed. */
    int numStableTokens() {
        return Math.min(numStableTokens, numTokens);
    }

    List<BlockKey> keys() {
        return keys;
    }

    void admit(int foundTokens) {
        numComputed = foundTokens;
        if (!admittedBefore) {
            numCached = foundTokens;
            admittedBefore = true;
        }
    }

    void advance(int count) {
        numComputed += count;
        nextOutput = Math.max(nextOutput, numComputed);
    }

    void forgetComputed() {
        numComputed = 0;
    }

    private void ensureRoom(int length) {
        if (length > maxTokens) {
            throw new IllegalStateException("a sequence of at most " + maxTokens + " tokens cannot take " + length);
        }
        if (length > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.min(maxTokens, Math.max(length, 2 * tokens.length)));
        }
    }
}
