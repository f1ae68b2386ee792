package io.pangu.runtime.engine;

/**
 * Tokens of a request.
 *
 * @param promptTokens tokens of the prompt, BOS and template included
 * @param cachedTokens how many of them came from the prefix cache
 * @param completionTokens tokens generated, or scored
 */
public record Usage(int promptTokens, int cachedTokens, int completionTokens) {}
