package io.pangu.runtime.tokenizer.jinja;

import io.pangu.runtime.tokenizer.jinja.Node.Parameters;
import io.pangu.runtime.tokenizer.jinja.Node.Target;
import io.pangu.runtime.tokenizer.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the statements of a template. One use. */
final class TemplateParser {
    private static final int MAX_DEPTH = 100;

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int depth;
    private int loops;

    private TemplateParser(List<Token> tokens) {
        this.tokens = new TokenStream(tokens);
        this.expressions = new ExpressionParser(this.tokens);
    }

    static List<Node> parse(String source) {
        TemplateParser parser = new TemplateParser(Lexer.tokens(source));
        List<Node> nodes = parser.body(Set.of());
        if (parser.tokens.current().kind() != Kind.END) {
            Token tag = parser.tokens.ahead();
            throw JinjaException.syntax("'" + tag.text() + "' closes nothing", tag.line());
        }
        return nodes;
    }

    /** Statements up to a tag of one of these names, or the end; the tag's opening is the current token then. */
    private List<Node> body(Set<String> ends) {
        if (++depth > MAX_DEPTH) {
            throw JinjaException.syntax(
                    "blocks are nested more than " + MAX_DEPTH + " deep",
                    tokens.current().line());
        }
        List<Node> nodes = new ArrayList<>();
        while (true) {
            Token token = tokens.current();
            switch (token.kind()) {
                case DATA -> {
                    nodes.add(new Node.Data(Text.ofTemplate(token.text()), token.line()));
                    tokens.next();
                }
                case PRINT_BEGIN -> {
                    tokens.next();
                    nodes.add(new Node.Print(expressions.tuple(), token.line()));
                    tokens.expect(Kind.PRINT_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    String word = tokens.ahead().text();
                    if (ends.contains(word) || word.startsWith("end") || word.equals("else") || word.equals("elif")) {
                        depth--;
                        return List.copyOf(nodes);
                    }
                    tokens.next();
                    nodes.add(statement(tokens.expect(Kind.NAME, "the name of a tag")));
                }
                default -> {
                    depth--;
                    return List.copyOf(nodes);
                }
            }
        }
    }

    private Node statement(Token tag) {
        int line = tag.line();
        return switch (tag.text()) {
            case "if" -> ifBlock(line);
            case "for" -> forBlock(line);
            case "set" -> assignment(line);
            case "macro" -> macro(line);
            case "call" -> callBlock(line);
            case "filter" -> filterBlock(line);
            case "with" -> with(line);
            case "generation" -> {
                blockEnd();
                // Marks what a model said, for training; as its text goes, it is only there.
                yield new Node.With(List.of(), List.of(), closedBody("generation", line), line);
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw JinjaException.syntax("'" + tag.text() + "' stands outside a loop", line);
                }
                blockEnd();
                yield tag.text().equals("break") ? new Node.Break(line) : new Node.Continue(line);
            }
            default -> throw JinjaException.syntax("there is no tag '" + tag.text() + "' in chat templates", line);
        };
    }

    private void blockEnd() {
        tokens.expect(Kind.BLOCK_END, "'%}'");
    }

    /** A block's body and its closing tag. */
    private List<Node> closedBody(String name, int line) {
        List<Node> body = body(Set.of("end" + name));
        close(name, line);
        return body;
    }

    private void close(String name, int line) {
        boolean isClosed =
                tokens.current().kind() == Kind.BLOCK_BEGIN && tokens.ahead().isName("end" + name);
        if (!isClosed) {
            Token found = tokens.current().kind() == Kind.BLOCK_BEGIN ? tokens.ahead() : tokens.current();
            throw JinjaException.syntax(
                    "found " + found.description() + " where 'end" + name + "' should close the '" + name + "' of line "
                            + line,
                    found.line());
        }
        tokens.next();
        tokens.next();
        blockEnd();
    }

    private boolean atTag(String name) {
        return tokens.current().kind() == Kind.BLOCK_BEGIN && tokens.ahead().isName(name);
    }

    private void skipTag() {
        tokens.next();
        tokens.next();
    }

    private Node ifBlock(int line) {
        List<Node.Branch> branches = new ArrayList<>();
        do {
            if (!branches.isEmpty()) {
                skipTag();
            }
            Expr condition = expressions.tupleWithoutCondition();
            blockEnd();
            branches.add(new Node.Branch(condition, body(Set.of("elif", "else", "endif"))));
        } while (atTag("elif"));
        List<Node> otherwise = otherwise("if", line);
        return new Node.If(List.copyOf(branches), otherwise, line);
    }

    private List<Node> otherwise(String name, int line) {
        List<Node> otherwise = List.of();
        if (atTag("else")) {
            skipTag();
            blockEnd();
            otherwise = body(Set.of("end" + name));
        }
        close(name, line);
        return otherwise;
    }

    private Node forBlock(int line) {
        Target target = target();
        tokens.expectName("in");
        Expr items = expressions.tupleWithoutCondition();
        Expr test = tokens.skipName("if") ? expressions.expression() : null;
        if (tokens.current().isName("recursive")) {
            throw JinjaException.syntax("there are no recursive loops in chat templates", line);
        }
        blockEnd();
        loops++;
        List<Node> body = body(Set.of("else", "endfor"));
        loops--;
        return new Node.For(target, items, test, body, otherwise("for", line), line);
    }

    private Target target() {
        List<Target> parts = new ArrayList<>();
        boolean isTuple = false;
        do {
            if (tokens.current().kind() != Kind.NAME && !tokens.current().isOperator("(")) {
                break;
            }
            if (tokens.skipOperator("(")) {
                parts.add(target());
                tokens.expectOperator(")");
            } else {
                parts.add(new Node.NameTarget(name()));
            }
            isTuple |= tokens.current().isOperator(",");
        } while (tokens.skipOperator(","));
        if (parts.isEmpty()) {
            throw tokens.unexpected("a name");
        }
        return isTuple ? new Node.TupleTarget(List.copyOf(parts)) : parts.getFirst();
    }

    private String name() {
        Token token = tokens.expect(Kind.NAME, "a name");
        if (Set.of("true", "false", "none", "True", "False", "None").contains(token.text())) {
            throw JinjaException.syntax("'" + token.text() + "' cannot be assigned to", token.line());
        }
        return token.text();
    }

    private Node assignment(int line) {
        Target target;
        if (tokens.current().kind() == Kind.NAME && tokens.ahead().isOperator(".")) {
            String namespace = name();
            tokens.next();
            target = new Node.NamespaceTarget(
                    namespace, tokens.expect(Kind.NAME, "a name").text());
        } else {
            target = target();
        }
        if (tokens.skipOperator("=")) {
            Expr value = expressions.tuple();
            blockEnd();
            return new Node.Assign(target, value, line);
        }
        Expr value = new Expr.Name(Node.CAPTURED);
        while (tokens.skipOperator("|")) {
            value = expressions.filter(value);
        }
        blockEnd();
        return new Node.AssignBlock(target, value, outsideLoops("set", line), line);
    }

    /** The body of a block that is written for itself, in which no loop around it can be left. */
    private List<Node> outsideLoops(String name, int line) {
        int outer = loops;
        loops = 0;
        List<Node> body = closedBody(name, line);
        loops = outer;
        return body;
    }

    private Node macro(int line) {
        String name = name();
        Parameters parameters = parameters();
        blockEnd();
        return new Node.MacroBlock(name, parameters, outsideLoops("macro", line), line);
    }

    private Parameters parameters() {
        List<String> names = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            if (!names.isEmpty()) {
                tokens.expectOperator(",");
            }
            names.add(name());
            @Nullable Expr value = tokens.skipOperator("=") ? expressions.expression() : null;
            if (value != null) {
                defaults.add(value);
            } else if (!defaults.isEmpty()) {
                throw tokens.unexpected("'=' and a default");
            }
        }
        return new Parameters(List.copyOf(names), List.copyOf(defaults));
    }

    private Node callBlock(int line) {
        Parameters parameters = tokens.current().isOperator("(") ? parameters() : new Parameters(List.of(), List.of());
        Expr call = expressions.expression();
        if (!(call instanceof Expr.Call callee)) {
            throw JinjaException.syntax("'call' needs a call, for instance of a macro", line);
        }
        blockEnd();
        return new Node.CallBlock(parameters, callee, outsideLoops("call", line), line);
    }

    private Node filterBlock(int line) {
        Expr value = expressions.filter(new Expr.Name(Node.CAPTURED));
        while (tokens.skipOperator("|")) {
            value = expressions.filter(value);
        }
        blockEnd();
        return new Node.FilterBlock(value, outsideLoops("filter", line), line);
    }

    private Node with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (tokens.current().kind() != Kind.BLOCK_END) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(new Node.NameTarget(name()));
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        blockEnd();
        return new Node.With(List.copyOf(targets), List.copyOf(values), closedBody("with", line), line);
    }
}
