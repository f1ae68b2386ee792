package io.pangu.runtime.sampling;

import java.util.HashMap;
import java.util.Map;

/** Which tokens a request has seen, for the penalties: those of its prompt, and how often each was generated. One thread. */
public final class TokenHistory {
    // Times generated; 0 for a token that only the prompt has.
    private final Map<Integer, Integer> generated = new HashMap<>();

    /** The history of a request that has generated nothing yet. */
    public static TokenHistory ofPrompt(int[] promptIds) {
        TokenHistory history = new TokenHistory();
        for (int id : promptIds) {
            history.generated.put(id, 0);
        }
        return history;
    }

    /** A history that is never looked into, for requests without penalties. */
    public static TokenHistory unused() {
        return new TokenHistory();
    }

    private TokenHistory() {}

    /** Notes a generated token. */
    public void append(int id) {
        generated.merge(id, 1, Integer::sum);
    }

    void penalise(double[] logits, SamplingParams params) {
        double repetition = params.repetitionPenalty();
        for (Map.Entry<Integer, Integer> entry : generated.entrySet()) {
            int id = entry.getKey();
            int count = entry.getValue();
            if (id >= logits.length) {
                continue;
            }
            double logit = logits[id];
            logit = logit < 0 ? logit * repetition : logit / repetition;
            if (count > 0) {
                logit -= params.presencePenalty() + count * params.frequencyPenalty();
            }
            logits[id] = logit;
        }
    }
}
