package io.pangu.runtime.tokenizer;

/**
 * One turn of a chat.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, {@code tool} or what the template knows
 * @param content the turn's text; plain text, whatever it says
 */
public record ChatMessage(String role, String content) {}
