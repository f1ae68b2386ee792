package io.pangu.spark.request;

import java.io.Serializable;

/** One turn of a chat prompt: {@code STRUCT<role STRING, content STRING>}. */
public record ChatTurn(String role, String content) implements Serializable {}
