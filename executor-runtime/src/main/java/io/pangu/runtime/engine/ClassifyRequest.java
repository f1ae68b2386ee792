package io.pangu.runtime.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A text to put under one of some labels, by the log-likelihood of the labels.
 *
 * @param text the text
 * @param labels at least two, all different, none empty
 * @param template the text around {@code {text}}; empty = a default that names the labels
 * @param form whether the template is completed as it is or stands in a chat
 * @param calibration whether the scores of empty texts are subtracted
 * @param timeout time from submission after which the request fails with {@code TIMEOUT}
 */
public record ClassifyRequest(
        String text,
        List<String> labels,
        Optional<Template> template,
        Form form,
        Calibration calibration,
        Optional<Duration> timeout) {

    public ClassifyRequest {
        labels = List.copyOf(labels);
    }

    /**
     * The text around the text.
     *
     * @param prompt holds {@code {text}} once at least; labels follow it (raw) or it is the user's turn (chat)
     * @param begunAnswer in a chat, what the answer starts with; labels follow it
     */
    public record Template(String prompt, String begunAnswer) {}

    /** How the template reaches the model. */
    public enum Form {
        RAW,
        CHAT
    }

    /** Whether the prior of the labels is taken away. */
    public enum Calibration {
        OFF,
        /** Subtract the mean score that the same prompt gives for {@code N/A}, an empty text and {@code [MASK]}. */
        EMPTY_TEXTS
    }
}
