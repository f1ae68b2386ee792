package io.pangu.spark.functions;

import io.pangu.spark.functions.OptionValues.WrittenOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.jspecify.annotations.Nullable;

/**
 * The option arguments of a call.
 *
 * @param table the options that the call's function knows
 * @param names what each argument is; {@code options} for one that holds several
 * @param arguments one expression for each name
 */
public record CallOptions(OptionTable table, List<String> names, List<Expression> arguments) {
    public CallOptions {
        names = List.copyOf(names);
        arguments = List.copyOf(arguments);
    }

    /** Whether the options are the same for every row. */
    public boolean areConstant() {
        return arguments.stream().allMatch(Expression::foldable);
    }

    /** Those of them that are the same for every row. */
    CallOptions constantOnes() {
        List<String> constantNames = new ArrayList<>();
        List<Expression> constants = new ArrayList<>();
        for (int index = 0; index < names.size(); index++) {
            if (arguments.get(index).foldable()) {
                constantNames.add(names.get(index));
                constants.add(arguments.get(index));
            }
        }
        return new CallOptions(table, constantNames, constants);
    }

    /**
     * The options, when they are constant.
     *
     * @throws OptionException when they are wrong
     */
    public OptionValues constant() {
        List<@Nullable Object> values = new ArrayList<>();
        arguments.forEach(argument -> values.add(Folding.value(argument)));
        return read(values);
    }

    /**
     * The options of a row.
     *
     * @param row holds the arguments' values
     * @param first ordinal of the first argument
     * @throws OptionException when they are wrong
     */
    public OptionValues of(InternalRow row, int first) {
        List<@Nullable Object> values = new ArrayList<>();
        for (int index = 0; index < arguments.size(); index++) {
            int ordinal = first + index;
            boolean isNull = row.isNullAt(ordinal);
            values.add(isNull ? null : row.get(ordinal, arguments.get(index).dataType()));
        }
        return read(values);
    }

    private OptionValues read(List<@Nullable Object> values) {
        List<WrittenOption> written = new ArrayList<>();
        for (int index = 0; index < names.size(); index++) {
            Expression argument = arguments.get(index);
            if (names.get(index).equals(InferenceCall.ALL_OPTIONS)) {
                written.addAll(WrittenOptions.of(values.get(index), argument.dataType()));
            } else {
                written.add(WrittenOptions.of(names.get(index), values.get(index), argument.dataType()));
            }
        }
        return OptionValues.checked(table, written);
    }
}
