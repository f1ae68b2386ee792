package io.pangu.spark.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.CreateMap;
import org.apache.spark.sql.catalyst.expressions.CreateNamedStruct;
import org.apache.spark.sql.catalyst.expressions.Expression;

/**
 * Options written as {@code map('max_tokens', n)} or {@code named_struct('max_tokens', n)}, taken apart into the options
 * that they name: so a name that is wrong is met before any row is, and values that are constant are checked then too.
 */
final class ConstructedOptions {
    private ConstructedOptions() {}

    /** An option's name as it was written and its value. */
    record Named(String name, Expression value) {}

    /** The options one by one; empty when the expression is not made of names and values on the spot. */
    static Optional<List<Named>> of(Expression options) {
        boolean isMade = options instanceof CreateMap || options instanceof CreateNamedStruct;
        return isMade ? pairs(Seqs.list(options.children())) : Optional.empty();
    }

    private static Optional<List<Named>> pairs(List<Expression> namesAndValues) {
        List<Named> named = new ArrayList<>();
        for (int index = 0; index + 1 < namesAndValues.size(); index += 2) {
            Expression name = namesAndValues.get(index);
            Object text = name.foldable() ? Folding.value(name) : null;
            if (text == null) {
                return Optional.empty();
            }
            named.add(new Named(text.toString(), namesAndValues.get(index + 1)));
        }
        return Optional.of(named);
    }
}
