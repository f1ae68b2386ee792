package io.pangu.spark.functions;

import io.pangu.spark.functions.PanguFunction.Input;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ImplicitCastInputTypes;
import org.apache.spark.sql.catalyst.expressions.Unevaluable;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.AnyDataType$;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A call of the model inside a query. It is deterministic, so that Spark allows it everywhere; it cannot be evaluated, so
 * that Spark never runs it row by row: the planner's rules take it out into the operator.
 */
public final class InferenceCall extends Expression implements Unevaluable, ImplicitCastInputTypes, Serializable {
    private static final long serialVersionUID = 1L;

    /** Stands among option names for an argument that holds several options: a map, a struct or JSON. */
    static final String ALL_OPTIONS = "options";

    private final PanguFunction function;
    private final Seq<Expression> arguments;
    private final List<String> optionNames;

    /**
     * A call.
     *
     * @param arguments the function's inputs, then one value for each option name, then the guard if there is one
     * @param optionNames canonical names; {@code options} for an argument that holds several
     */
    public InferenceCall(PanguFunction function, Seq<Expression> arguments, List<String> optionNames) {
        this.function = function;
        this.arguments = arguments;
        this.optionNames = List.copyOf(optionNames);
        int unguarded = function.numInputs() + optionNames.size();
        assert arguments.length() == unguarded || arguments.length() == unguarded + 1;
    }

    public PanguFunction function() {
        return function;
    }

    /** The arguments that are no options. */
    public List<Expression> inputs() {
        return Seqs.<Expression>list(arguments).subList(0, function.numInputs());
    }

    /** Reads the options out of evaluated arguments. */
    public CallOptions options() {
        int from = function.numInputs();
        return new CallOptions(
                function.options(),
                optionNames,
                Seqs.<Expression>list(arguments).subList(from, from + optionNames.size()));
    }

    /** The condition under which the call is made at all; empty: always. */
    public Optional<Expression> guard() {
        int unguarded = function.numInputs() + optionNames.size();
        return arguments.length() > unguarded ? Optional.of(arguments.apply(unguarded)) : Optional.empty();
    }

    /** The same call without its guard. */
    public InferenceCall unguarded() {
        List<Expression> kept = Seqs.<Expression>list(arguments).subList(0, function.numInputs() + optionNames.size());
        return new InferenceCall(function, Seqs.of(kept), optionNames);
    }

    /** The same call, made only for rows for which the condition is true; other rows get NULL. */
    public InferenceCall guardedBy(Expression condition) {
        List<Expression> all = new ArrayList<>(Seqs.<Expression>list(unguarded().arguments));
        all.add(condition);
        return new InferenceCall(function, Seqs.of(all), optionNames);
    }

    @Override
    public DataType dataType() {
        return function.resultType();
    }

    @Override
    public boolean nullable() {
        return true;
    }

    /** Spark 4.2 and later do not evaluate such an expression twice to save a row. */
    @SuppressWarnings("MissingOverride") // Spark 4.0 and 4.1 do not have it
    public boolean expensive() {
        return true;
    }

    @Override
    public Seq<AbstractDataType> inputTypes() {
        List<AbstractDataType> types = new ArrayList<>();
        for (int index = 0; index < arguments.length(); index++) {
            types.add(
                    index < function.numInputs()
                            ? wanted(
                                    function.inputs().get(index),
                                    arguments.apply(index).dataType())
                            : AnyDataType$.MODULE$);
        }
        return Seqs.of(types);
    }

    private static AbstractDataType wanted(Input input, DataType given) {
        if (input == Input.LABELS) {
            boolean isFitting = given instanceof ArrayType array && array.elementType() instanceof StringType;
            return isFitting ? given : ResultTypes.LABELS;
        }
        boolean isFitting = given instanceof StringType || (input == Input.PROMPT && Chats.isChat(given));
        return isFitting ? given : DataTypes.StringType;
    }

    @Override
    public TypeCheckResult checkInputDataTypes() {
        return ImplicitCastInputTypes.super.checkInputDataTypes();
    }

    @Override
    public Object eval(@Nullable InternalRow input) {
        return Unevaluable.super.eval(input);
    }

    @Override
    public ExprCode doGenCode(CodegenContext context, ExprCode code) {
        return Unevaluable.super.doGenCode(context, code);
    }

    @Override
    public Seq<Expression> children() {
        return arguments;
    }

    @Override
    public Expression withNewChildrenInternal(IndexedSeq<Expression> newChildren) {
        return new InferenceCall(function, newChildren, optionNames);
    }

    @Override
    public String prettyName() {
        return function.sqlName();
    }

    @Override
    public String sql() {
        return written(
                Seqs.<Expression>list(arguments).stream().map(Expression::sql).toList());
    }

    @Override
    public String toString() {
        return written(Seqs.<Expression>list(arguments).stream()
                .map(Expression::toString)
                .toList());
    }

    private String written(List<String> values) {
        List<String> shown = new ArrayList<>();
        for (int index = 0; index < function.numInputs() + optionNames.size(); index++) {
            boolean isNamed = index >= function.numInputs()
                    && !optionNames.get(index - function.numInputs()).equals(ALL_OPTIONS);
            shown.add((isNamed ? optionNames.get(index - function.numInputs()) + " => " : "") + values.get(index));
        }
        String call = function.sqlName() + "(" + String.join(", ", shown) + ")";
        return guard().isPresent() ? call + " WHERE " + values.get(values.size() - 1) : call;
    }

    @Override
    public int productArity() {
        return 3;
    }

    @Override
    public Object productElement(int index) {
        return switch (index) {
            case 0 -> function;
            case 1 -> arguments;
            case 2 -> optionNames;
            default -> throw new IndexOutOfBoundsException(index);
        };
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof InferenceCall;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InferenceCall call
                && function == call.function
                && optionNames.equals(call.optionNames)
                && arguments.equals(call.arguments);
    }

    @Override
    public int hashCode() {
        return Objects.hash(function, arguments, optionNames);
    }
}
