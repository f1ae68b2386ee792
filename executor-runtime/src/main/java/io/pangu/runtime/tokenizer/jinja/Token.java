package io.pangu.runtime.tokenizer.jinja;

/** A piece of a template's source: text between tags, or a word inside a tag. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        PRINT_BEGIN,
        PRINT_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind other, String word) {
        return kind == other && text.equals(word);
    }

    boolean isName(String name) {
        return is(Kind.NAME, name);
    }

    boolean isOperator(String operator) {
        return is(Kind.OPERATOR, operator);
    }

    /** As it is called in an error. */
    String description() {
        return switch (kind) {
            case DATA -> "text";
            case BLOCK_BEGIN -> "'{%'";
            case BLOCK_END -> "'%}'";
            case PRINT_BEGIN -> "'{{'";
            case PRINT_END -> "'}}'";
            case STRING -> "a string";
            case END -> "the end of the template";
            default -> "'" + text + "'";
        };
    }
}
