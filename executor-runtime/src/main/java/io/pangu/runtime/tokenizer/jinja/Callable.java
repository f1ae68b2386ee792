package io.pangu.runtime.tokenizer.jinja;

/** What a template can call: a macro, a function of the environment or a method of a value. */
interface Callable {
    Object call(Arguments arguments);
}
