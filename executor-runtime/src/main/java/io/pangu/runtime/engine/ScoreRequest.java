package io.pangu.runtime.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Continuations whose log-likelihood is wanted, in one pass: the prompt is computed once for all of them.
 *
 * @param prompt what they continue
 * @param continuations texts, each encoded as plain text on its own and appended to the prompt's tokens
 * @param timeout time from submission after which the request fails with {@code TIMEOUT}
 */
public record ScoreRequest(Prompt prompt, List<String> continuations, Optional<Duration> timeout) {
    public ScoreRequest {
        continuations = List.copyOf(continuations);
    }
}
