package io.pangu.runtime.tokenizer.jinja;

/**
 * What a name or attribute that does not exist stands for: empty where it is written or looped over, an error elsewhere.
 *
 * @param problem what does not exist
 */
record Undefined(String problem) {
    static Undefined name(String name) {
        return new Undefined("'" + name + "' is undefined");
    }

    JinjaException failure() {
        return JinjaException.failed(problem);
    }
}
