package io.pangu.runtime.tokenizer.jinja;

import io.pangu.runtime.tokenizer.jinja.Expr.Inputs;
import io.pangu.runtime.tokenizer.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads expressions, with Jinja's precedence. One use. */
final class ExpressionParser {
    private static final int MAX_DEPTH = 100;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenStream tokens;
    private int depth;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /** One expression, with a condition if one follows. */
    Expr expression() {
        if (++depth > MAX_DEPTH) {
            throw JinjaException.syntax(
                    "an expression is nested more than " + MAX_DEPTH + " deep",
                    tokens.current().line());
        }
        Expr value = conditional();
        depth--;
        return value;
    }

    private Expr conditional() {
        Expr value = withoutCondition();
        while (tokens.skipName("if")) {
            Expr condition = withoutCondition();
            Expr otherwise = tokens.skipName("else") ? expression() : null;
            value = new Expr.Conditional(condition, value, otherwise);
        }
        return value;
    }

    /** One expression; an {@code if} after it belongs to something else. */
    Expr withoutCondition() {
        Expr left = and();
        while (tokens.skipName("or")) {
            left = new Expr.Or(left, and());
        }
        return left;
    }

    /** One expression, or several with commas between, which make a tuple. */
    Expr tuple() {
        return restOfTuple(expression(), true);
    }

    /** The same without conditions. */
    Expr tupleWithoutCondition() {
        return restOfTuple(withoutCondition(), false);
    }

    private Expr restOfTuple(Expr first, boolean conditions) {
        if (!tokens.current().isOperator(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            Token token = tokens.current();
            if (token.kind() == Kind.BLOCK_END || token.kind() == Kind.PRINT_END || token.isOperator(")")) {
                break;
            }
            items.add(conditions ? expression() : withoutCondition());
        }
        return new Expr.TupleOf(List.copyOf(items));
    }

    private Expr and() {
        Expr left = not();
        while (tokens.skipName("and")) {
            left = new Expr.And(left, not());
        }
        return left;
    }

    private Expr not() {
        int count = 0;
        while (tokens.skipName("not")) {
            count++;
        }
        Expr value = compare();
        if (count == 0) {
            return value;
        }
        return count % 2 == 1 ? new Expr.Not(value) : new Expr.Not(new Expr.Not(value));
    }

    private Expr compare() {
        Expr first = sum();
        List<String> operators = new ArrayList<>();
        List<Expr> operands = new ArrayList<>();
        while (true) {
            Token token = tokens.current();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(tokens.next().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (token.isName("not") && tokens.ahead().isName("in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                break;
            }
            operands.add(sum());
        }
        return operators.isEmpty() ? first : new Expr.Compare(first, List.copyOf(operators), List.copyOf(operands));
    }

    private Expr sum() {
        Expr left = concatenation();
        while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
            left = new Expr.Binary(tokens.next().text(), left, concatenation());
        }
        return left;
    }

    private Expr concatenation() {
        Expr left = product();
        while (tokens.skipOperator("~")) {
            left = new Expr.Binary("~", left, product());
        }
        return left;
    }

    private Expr product() {
        Expr left = power();
        while (tokens.current().kind() == Kind.OPERATOR
                && Set.of("*", "/", "//", "%").contains(tokens.current().text())) {
            left = new Expr.Binary(tokens.next().text(), left, power());
        }
        return left;
    }

    private Expr power() {
        Expr left = unary();
        while (tokens.skipOperator("**")) {
            left = new Expr.Binary("**", left, unary());
        }
        return left;
    }

    /** Filters come after a sign: {@code -3 | abs} is 3. */
    private Expr unary() {
        List<Boolean> negations = new ArrayList<>();
        while (tokens.current().isOperator("-") || tokens.current().isOperator("+")) {
            negations.add(tokens.next().isOperator("-"));
            if (negations.size() > MAX_DEPTH) {
                throw tokens.unexpected("a number");
            }
        }
        Expr value = postfix(primary());
        for (boolean negates : negations.reversed()) {
            value = negates ? new Expr.Negative(value) : new Expr.Positive(value);
        }
        return filters(value);
    }

    private Expr primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME ->
                switch (token.text()) {
                    case "true", "True" -> new Expr.Literal(true);
                    case "false", "False" -> new Expr.Literal(false);
                    case "none", "None" -> new Expr.Literal(None.NONE);
                    default -> new Expr.Name(token.text());
                };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.current().kind() == Kind.STRING) {
                    text.append(tokens.next().text());
                }
                yield new Expr.Literal(Text.ofTemplate(text.toString()));
            }
            case INTEGER -> new Expr.Literal(integer(token));
            case FLOAT -> new Expr.Literal(Double.parseDouble(token.text().replace("_", "")));
            case OPERATOR ->
                switch (token.text()) {
                    case "(" -> parenthesis();
                    case "[" -> list();
                    case "{" -> dict();
                    default -> throw valueExpected(token);
                };
            default -> throw valueExpected(token);
        };
    }

    private static JinjaException valueExpected(Token token) {
        return JinjaException.syntax("found " + token.description() + " where a value should be", token.line());
    }

    private static Object integer(Token token) {
        String digits = token.text().replace("_", "");
        try {
            return Long.decode(digits.startsWith("0x") || digits.startsWith("0X") ? digits : decimal(digits));
        } catch (NumberFormatException e) {
            throw JinjaException.syntax("the number " + digits + " has more than 64 bits", token.line());
        }
    }

    /** Without leading zeros, which would make it octal. */
    private static String decimal(String digits) {
        String stripped = digits.replaceFirst("^0+", "");
        return stripped.isEmpty() ? "0" : stripped;
    }

    private Expr parenthesis() {
        if (tokens.skipOperator(")")) {
            return new Expr.TupleOf(List.of());
        }
        Expr value = tuple();
        tokens.expectOperator(")");
        return value;
    }

    private Expr list() {
        List<Expr> items = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("]")) {
                    break;
                }
            }
            items.add(expression());
        }
        return new Expr.ListOf(List.copyOf(items));
    }

    private Expr dict() {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            if (!keys.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("}")) {
                    break;
                }
            }
            keys.add(expression());
            tokens.expectOperator(":");
            values.add(expression());
        }
        return new Expr.DictOf(List.copyOf(keys), List.copyOf(values));
    }

    private Expr postfix(Expr first) {
        Expr value = first;
        while (true) {
            if (tokens.skipOperator(".")) {
                Token token = tokens.next();
                value = switch (token.kind()) {
                    case NAME -> new Expr.Attribute(value, token.text());
                    case INTEGER -> new Expr.Subscript(value, new Expr.Literal(integer(token)));
                    default ->
                        throw JinjaException.syntax(
                                "found " + token.description() + " where a name should be", token.line());
                };
            } else if (tokens.skipOperator("[")) {
                value = subscript(value);
            } else if (tokens.current().isOperator("(")) {
                value = new Expr.Call(value, inputs());
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr of) {
        Expr from = null;
        if (!tokens.current().isOperator(":")) {
            from = tuple();
            if (tokens.skipOperator("]")) {
                return new Expr.Subscript(of, from);
            }
        }
        tokens.expectOperator(":");
        Expr to = bound();
        Expr step = tokens.skipOperator(":") ? bound() : null;
        tokens.expectOperator("]");
        return new Expr.Slice(of, from, to, step);
    }

    private @Nullable Expr bound() {
        Token token = tokens.current();
        return token.isOperator("]") || token.isOperator(":") ? null : expression();
    }

    /** What stands in parentheses after a name. */
    Inputs inputs() {
        tokens.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        boolean first = true;
        while (!tokens.skipOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.current().kind() == Kind.NAME && tokens.ahead().isOperator("=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.unexpected("an input with a name");
            }
        }
        return new Inputs(List.copyOf(positional), named);
    }

    private Expr filters(Expr first) {
        Expr value = first;
        while (true) {
            if (tokens.skipOperator("|")) {
                value = filter(value);
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.current().isOperator("(")) {
                value = new Expr.Call(value, inputs());
            } else {
                return value;
            }
        }
    }

    /** A filter's name and inputs, applied to a value. */
    Expr filter(Expr value) {
        Token name = tokens.current();
        String word = dotted();
        if (!Filters.isKnown(word)) {
            throw JinjaException.syntax("there is no filter '" + word + "'", name.line());
        }
        return new Expr.Filter(value, word, tokens.current().isOperator("(") ? inputs() : Inputs.NONE);
    }

    private String dotted() {
        StringBuilder name =
                new StringBuilder(tokens.expect(Kind.NAME, "a name").text());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expect(Kind.NAME, "a name").text());
        }
        return name.toString();
    }

    /** A test takes one value without parentheses: {@code x is divisibleby 3}. */
    private Expr test(Expr value) {
        boolean negated = tokens.skipName("not");
        Token name = tokens.current();
        String word = dotted();
        if (!Tests.isKnown(word)) {
            throw JinjaException.syntax("there is no test '" + word + "'", name.line());
        }
        Inputs inputs = Inputs.NONE;
        Token token = tokens.current();
        boolean isWord =
                token.kind() == Kind.NAME && !Set.of("else", "or", "and").contains(token.text());
        boolean isValue = token.kind() == Kind.STRING
                || token.kind() == Kind.INTEGER
                || token.kind() == Kind.FLOAT
                || token.isOperator("[")
                || token.isOperator("{");
        if (token.isOperator("(")) {
            inputs = inputs();
        } else if (token.isName("is")) {
            throw JinjaException.syntax("tests are chained with 'is'; join them with 'and'", token.line());
        } else if ((isWord && !token.isName("if")) || isValue) {
            inputs = new Inputs(List.of(postfix(primary())), Map.of());
        }
        Expr test = new Expr.Test(value, word, inputs);
        return negated ? new Expr.Not(test) : test;
    }
}
