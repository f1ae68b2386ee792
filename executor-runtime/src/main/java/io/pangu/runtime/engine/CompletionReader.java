package io.pangu.runtime.engine;

import io.pangu.runtime.tokenizer.PromptEncoder.ThinkingTokens;
import io.pangu.runtime.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads generated tokens as text and reasoning, by model-spec 4.6: once a think-begin token was generated, the answer is what
 * follows the last think-end token, the reasoning what stands between the first think-end token and the last think-begin
 * token before it; both are trimmed. Without think-begin everything is the answer, untrimmed. Special tokens are in neither.
 * Immutable and thread-safe.
 */
final class CompletionReader {
    private final Tokenizer tokenizer;
    private final @Nullable ThinkingTokens thinking;
    private final Start start;
    private final StopTexts stops;

    /** What the first generated token belongs to. */
    enum Start {
        ANSWER,
        /** The prompt ended in a begun reasoning. */
        REASONING
    }

    /** Whether all reasoning that began came to its end. */
    enum ReasoningEnds {
        YES,
        NO
    }

    /** What was generated. */
    record Parts(String text, Optional<String> reasoning, ReasoningEnds reasoningEnds) {}

    /**
     * The reader of one completion.
     *
     * @param prompt its prompt, whose template may have begun the reasoning
     */
    CompletionReader(Tokenizer tokenizer, Optional<ThinkingTokens> thinking, int[] prompt, StopTexts stops) {
        this.tokenizer = tokenizer;
        this.thinking = thinking.orElse(null);
        this.start = startAfter(prompt, this.thinking);
        this.stops = stops;
    }

    /** Watches this completion for its stop texts. */
    StopScanner scanner() {
        return new StopScanner(stops, tokenizer, thinking, start);
    }

    /** The text of one token. */
    String tokenText(int id) {
        return new String(tokenizer.tokenBytes(id), StandardCharsets.UTF_8);
    }

    /** Reads what was generated, without the token that ended it. */
    Parts read(List<Integer> ids) {
        ThinkingTokens markers = thinking;
        int begin = markers == null ? -1 : ids.lastIndexOf(markers.beginId());
        if (markers == null || (start == Start.ANSWER && begin < 0)) {
            return new Parts(answer(ids), Optional.empty(), ReasoningEnds.YES);
        }
        int firstEnd = ids.indexOf(markers.endId());
        if (begin > ids.lastIndexOf(markers.endId()) || firstEnd < 0) {
            int from = firstEnd < 0 ? ids.indexOf(markers.beginId()) : begin;
            return new Parts(
                    "", Optional.of(plain(ids.subList(from + 1, ids.size())).strip()), ReasoningEnds.NO);
        }
        int reasoningFrom = ids.subList(0, firstEnd).lastIndexOf(markers.beginId()) + 1;
        String reasoning = plain(ids.subList(reasoningFrom, firstEnd)).strip();
        String text = answer(ids.subList(ids.lastIndexOf(markers.endId()) + 1, ids.size()));
        return new Parts(text.strip(), Optional.of(reasoning), ReasoningEnds.YES);
    }

    private String answer(List<Integer> ids) {
        String text = plain(ids);
        int stop = stops.firstIn(text, 0);
        return stop < 0 ? text : text.substring(0, stop);
    }

    private String plain(List<Integer> ids) {
        return tokenizer.decode(ids.stream()
                .mapToInt(Integer::intValue)
                .filter(id -> !tokenizer.isSpecial(id))
                .toArray());
    }

    private static Start startAfter(int[] prompt, @Nullable ThinkingTokens thinking) {
        if (thinking != null) {
            for (int i = prompt.length - 1; i >= 0; i--) {
                if (prompt[i] == thinking.endId()) {
                    return Start.ANSWER;
                }
                if (prompt[i] == thinking.beginId()) {
                    return Start.REASONING;
                }
            }
        }
        return Start.ANSWER;
    }
}
