package io.pangu.spark.functions;

/**
 * An option that a function knows.
 *
 * @param name its key, lower case with underscores
 * @param type what its value may be
 * @param defaultText its default in the words of the reference
 * @param doc what it does, one sentence for the reference
 */
record OptionSpec(String name, OptionType type, String defaultText, String doc) {}
