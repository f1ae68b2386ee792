package io.pangu.spark.functions;

import io.pangu.spark.functions.PanguFunction.Input;
import io.pangu.spark.request.GenerationOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
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
                put(named, parameterName(namedArgument.key()), namedArgument.value());
            } else if (named.isEmpty() && inputs.size() <= function.numInputs()) {
                inputs.add(argument);
            } else {
                throw error(
                        named.isEmpty() ? "too many arguments." : "positional arguments must stand before named ones.");
            }
        }
        if (inputs.size() > function.numInputs()) {
            put(named, InferenceCall.ALL_OPTIONS, inputs.remove(inputs.size() - 1));
        }
        takeApart(named);
        for (int index = 0; index < function.numInputs(); index++) {
            place(inputs, index, named.remove(function.inputs().get(index).sqlName()));
        }
        return checked(inputs, named);
    }

    private void put(Map<String, Expression> named, String name, Expression value) {
        if (named.put(name, value) != null) {
            throw error("argument '" + name + "' is given twice; give it once.");
        }
    }

    private void takeApart(Map<String, Expression> named) {
        Expression options = named.get(InferenceCall.ALL_OPTIONS);
        if (options == null) {
            return;
        }
        Optional<List<ConstructedOptions.Named>> parts = ConstructedOptions.of(options);
        if (parts.isPresent()) {
            named.remove(InferenceCall.ALL_OPTIONS);
            parts.get().forEach(option -> put(named, optionName(option.name()), option.value()));
        } else if (options.dataType() instanceof StructType struct) {
            List.of(struct.fieldNames()).forEach(this::optionName);
        }
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
        return optionName(key);
    }

    private String optionName(String key) {
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
        try {
            checkConstants(call);
        } catch (IllegalArgumentException wrong) {
            throw error(wrong.getMessage());
        }
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

    /** Checks what is known before any row is: constant options, each for itself where others are not, and labels. */
    private void checkConstants(InferenceCall call) {
        CallOptions options = call.options();
        if (options.areConstant()) {
            checkTogether(options.constant(), call.inputs());
        } else {
            options.constantOnes().constant();
        }
        int labels = function.inputs().indexOf(Input.LABELS);
        if (labels >= 0 && call.inputs().get(labels).foldable()) {
            Expression written = call.inputs().get(labels);
            Object array = Folding.value(written);
            boolean areTexts = written.dataType() instanceof ArrayType type && type.elementType() instanceof StringType;
            if (array != null && areTexts) {
                List<String> unused = Labels.read((ArrayData) array);
            }
        }
    }

    private void checkTogether(OptionValues options, List<Expression> inputs) {
        switch (function.options()) {
            case GENERATION -> {
                GenerationOptions generation = options.generation();
                if (generation.raw() && inputs.get(0).dataType() instanceof ArrayType) {
                    throw OptionException.rawChat();
                }
            }
            case CLASSIFICATION -> options.classification();
            case EMBEDDING -> options.embedding();
        }
    }

    private RuntimeException error(@Nullable String problem) {
        throw AnalysisErrors.of(function.sqlName() + "(" + function.signature() + "): " + problem);
    }
}
