package io.pangu.spark.request;

import java.util.OptionalLong;

/**
 * The options of {@code embed}, checked and complete.
 *
 * @param lastToken pools the last token instead of the mean over all
 * @param normalizes scales the vector to length 1
 * @param truncatesPrompt whether a text that is too long is cut instead of refused
 * @param timeoutMillis empty: none
 */
public record EmbedOptions(
        boolean lastToken, boolean normalizes, boolean truncatesPrompt, OptionalLong timeoutMillis) {}
