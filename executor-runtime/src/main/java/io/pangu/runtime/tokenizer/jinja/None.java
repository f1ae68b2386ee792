package io.pangu.runtime.tokenizer.jinja;

/** Python's {@code None}. */
enum None {
    NONE
}
