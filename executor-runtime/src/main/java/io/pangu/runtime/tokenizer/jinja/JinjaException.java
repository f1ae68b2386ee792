package io.pangu.runtime.tokenizer.jinja;

/** What is wrong with a template, or what it says is wrong with the messages; with the line of the template. */
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Who is at fault. */
    public enum Kind {
        /** The template is not Jinja, or asks for what chat templates do not have. */
        SYNTAX,
        /** The template refuses the messages: it called {@code raise_exception}. */
        RAISED,
        /** An expression of the template cannot be computed with these messages. */
        FAILED,
        /** The template does more work or writes more text than a chat may need. */
        LIMIT
    }

    private final Kind kind;
    private final int line;

    JinjaException(Kind kind, String problem, int line) {
        super(problem);
        this.kind = kind;
        this.line = line;
    }

    static JinjaException syntax(String problem, int line) {
        return new JinjaException(Kind.SYNTAX, problem, line);
    }

    /** A failure whose line is filled in by {@link #at}. */
    static JinjaException failed(String problem) {
        return new JinjaException(Kind.FAILED, problem, 0);
    }

    static JinjaException limit(String problem) {
        return new JinjaException(Kind.LIMIT, problem, 0);
    }

    /** The same with this line when it has none. */
    JinjaException at(int otherLine) {
        return line > 0 ? this : new JinjaException(kind, problem(), otherLine);
    }

    public Kind kind() {
        return kind;
    }

    /** Line of the template, from 1. */
    public int line() {
        return line;
    }

    /** What is wrong, without place or remedy. */
    public String problem() {
        return String.valueOf(getMessage());
    }
}
