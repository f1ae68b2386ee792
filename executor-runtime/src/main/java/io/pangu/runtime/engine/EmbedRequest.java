package io.pangu.runtime.engine;

import java.time.Duration;
import java.util.Optional;

/**
 * A raw text to turn into a vector.
 *
 * @param text the text, encoded as it is
 * @param pooling which tokens' final-norm hidden states make the vector
 * @param normalization whether it is scaled to length 1
 * @param tooLong what to do with a text that does not fit
 * @param timeout time from submission after which the request fails with {@code TIMEOUT}
 */
public record EmbedRequest(
        String text,
        Pooling pooling,
        Normalization normalization,
        GenerateRequest.TooLong tooLong,
        Optional<Duration> timeout) {

    /** Which tokens count. */
    public enum Pooling {
        /** The mean over all tokens but a BOS that we added. */
        MEAN,
        /** The last token. */
        LAST
    }

    /** How the vector is scaled. */
    public enum Normalization {
        NONE,
        L2
    }
}
