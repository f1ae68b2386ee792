package io.pangu.spark.functions;

import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.RuntimeReplaceable;
import org.jspecify.annotations.Nullable;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;

/** Values of foldable expressions, also of those that Spark has not replaced by their evaluable form yet. */
final class Folding {
    private static final PartialFunction<Expression, Expression> REPLACEMENT = new AbstractPartialFunction<>() {
        @Override
        public boolean isDefinedAt(Expression expression) {
            return expression instanceof RuntimeReplaceable;
        }

        @Override
        public Expression apply(Expression expression) {
            return ((RuntimeReplaceable) expression).replacement();
        }
    };

    private Folding() {}

    static @Nullable Object value(Expression foldable) {
        return foldable.transform(REPLACEMENT).eval(null);
    }
}
