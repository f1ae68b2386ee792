package io.pangu.spark.request;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * The options of {@code classify}, checked and complete.
 *
 * @param template the text around {@code {text}}; empty: a default that names the labels
 * @param begunAnswer in a chat, what the assistant's answer starts with
 * @param raw whether the template is completed as it is instead of standing in a chat
 * @param calibrates whether the scores of empty texts are subtracted
 * @param timeoutMillis empty: none
 */
public record ClassifyOptions(
        Optional<String> template, String begunAnswer, boolean raw, boolean calibrates, OptionalLong timeoutMillis) {}
