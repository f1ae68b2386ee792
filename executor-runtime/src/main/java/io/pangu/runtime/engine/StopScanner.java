package io.pangu.runtime.engine;

import io.pangu.runtime.tokenizer.PromptEncoder.ThinkingTokens;
import io.pangu.runtime.tokenizer.StreamingDecoder;
import io.pangu.runtime.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * Watches an answer for stop texts as its tokens come, also where one stands across tokens. Reasoning is not searched: a stop
 * text is meant for the answer. One thread.
 */
final class StopScanner {
    private final StopTexts stops;
    private final Tokenizer tokenizer;
    private final @Nullable ThinkingTokens thinking;
    private final StringBuilder text = new StringBuilder();
    private StreamingDecoder decoder;
    private boolean inReasoning;

    StopScanner(StopTexts stops, Tokenizer tokenizer, @Nullable ThinkingTokens thinking, CompletionReader.Start start) {
        this.stops = stops;
        this.tokenizer = tokenizer;
        this.thinking = thinking;
        this.inReasoning = start == CompletionReader.Start.REASONING;
        this.decoder = tokenizer.streamingDecoder();
    }

    /** Takes the next token; true when a stop text is in the answer now. */
    boolean stopsAfter(int id) {
        if (stops.texts().isEmpty()) {
            return false;
        }
        ThinkingTokens markers = thinking;
        if (markers != null && id == markers.beginId()) {
            inReasoning = true;
        } else if (markers != null && id == markers.endId() && inReasoning) {
            inReasoning = false;
            text.setLength(0);
            decoder = tokenizer.streamingDecoder();
        }
        if (inReasoning || tokenizer.isSpecial(id)) {
            return false;
        }
        int searchedBefore = Math.max(0, text.length() - stops.longest() + 1);
        text.append(decoder.append(id));
        return stops.firstIn(text, searchedBefore) >= 0;
    }
}
