package io.pangu.spark.functions;

import io.pangu.spark.functions.PanguFunction.Input;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.types.ArrayType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;

/**
 * Makes calls from written arguments: inputs by place or name, options as one argument or each by its name. What is wrong
 * with them is an analysis error.
 */
final class CallBuilder extends AbstractFunction1<Seq<Expression>, Expression> {
    private final PanguFunction function;

    CallBuilder(PanguFunction function) {
        this.function = function;
    }

    @Override
    public Expression apply(Seq<Expression> written) {
        List<Expression> inputs = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        for (Expression argument : Seqs.<Expression>list(written)) {
            if (argument instanceof NamedArgumentExpression namedArgument) {
                if (named.put(parameterName(namedArgument.key()), namedArgument.value()) != null) {
                    throw error("argument '" + namedArgument.key() + "' is given twice; give it once.");
                }
            } else if (named.isEmpty() && inputs.size() <= function.numInputs()) {
                inputs.add(argument);
            } else {
                throw error(
                        named.isEmpty() ? "too many arguments." : "positional arguments must stand before named ones.");
            }
        }
        if (inputs.size() > function.numInputs()) {
            Expression options = inputs.remove(inputs.size() - 1);
            if (named.put(InferenceCall.ALL_OPTIONS, options) != null) {
                throw error("argument 'options' is given twice; give it once.");
            }
        }
        for (int index = 0; index < function.numInputs(); index++) {
            place(inputs, index, named.remove(function.inputs().get(index).sqlName()));
        }
        return checked(inputs, named);
    }

    private String parameterName(String key) {
        for (Input input : function.inputs()) {
            if (input.sqlName().equalsIgnoreCase(key)) {
                return input.sqlName();
            }
        }
        if (key.equalsIgnoreCase(InferenceCall.ALL_OPTIONS)) {
            return InferenceCall.ALL_OPTIONS;
        }
        return function.options()
                .canonicalName(key)
                .orElseThrow(() ->
                        error(OptionException.unknown(key, function.options()).getMessage()));
    }

    private void place(List<Expression> inputs, int index, @Nullable Expression byName) {
        String name = function.inputs().get(index).sqlName();
        boolean isByPlace = index < inputs.size();
        if (isByPlace && byName != null) {
            throw error("argument '" + name + "' is given twice; give it once.");
        }
        if (byName != null) {
            inputs.add(byName);
        } else if (!isByPlace) {
            throw error("argument '" + name + "' is missing.");
        }
    }

    private InferenceCall checked(List<Expression> inputs, Map<String, Expression> named) {
        checkPromptType(inputs);
        Expression all = named.get(InferenceCall.ALL_OPTIONS);
        if (all != null && !WrittenOptions.isOptionsType(all.dataType())) {
            throw error(OptionException.notOptions(all.dataType().sql()).getMessage());
        }
        List<Expression> arguments = new ArrayList<>(inputs);
        arguments.addAll(named.values());
        InferenceCall call = new InferenceCall(function, Seqs.of(arguments), List.copyOf(named.keySet()));
        checkConstantOptions(call.options());
        return call;
    }

    private void checkPromptType(List<Expression> inputs) {
        boolean isArray = inputs.get(0).dataType() instanceof ArrayType;
        if (function.inputs().get(0) == Input.PROMPT
                && isArray
                && !Chats.isChat(inputs.get(0).dataType())) {
            throw error("the prompt has type " + inputs.get(0).dataType().sql() + "; it must be "
                    + Input.PROMPT.sqlType() + ".");
        }
    }

    /** Checks what is known before any row is: constant options, each for itself where others are not constant. */
    private void checkConstantOptions(CallOptions options) {
        List<String> names = new ArrayList<>();
        List<Expression> constants = new ArrayList<>();
        for (int index = 0; index < options.names().size(); index++) {
            if (options.arguments().get(index).foldable()) {
                names.add(options.names().get(index));
                constants.add(options.arguments().get(index));
            }
        }
        try {
            new CallOptions(options.table(), names, constants).constant();
        } catch (OptionException wrong) {
            throw error(wrong.getMessage());
        }
    }

    private RuntimeException error(@Nullable String problem) {
        throw AnalysisErrors.of(function.sqlName() + "(" + function.signature() + "): " + problem);
    }
}
