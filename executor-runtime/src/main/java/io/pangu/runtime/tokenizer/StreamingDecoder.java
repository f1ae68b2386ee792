package io.pangu.runtime.tokenizer;

/**
 * Turns tokens into text one by one; what has been handed out is never taken back, and half a character is never shown. Its
 * pieces joined, with {@link #finish()} last, are {@link Tokenizer#decode} of all ids. One thread.
 */
public interface StreamingDecoder {
    /** Takes a token; returns the text that is certain now, possibly empty. */
    String append(int id);

    /** Ends the text; returns what was held back. */
    String finish();
}
