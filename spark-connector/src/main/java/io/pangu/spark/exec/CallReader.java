package io.pangu.spark.exec;

import io.pangu.spark.functions.CallOptions;
import io.pangu.spark.functions.Chats;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.OptionException;
import io.pangu.spark.functions.OptionValues;
import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineRequest;
import io.pangu.spark.request.GenerationOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;

/** Makes the engine's request of one call out of a row of evaluated arguments. */
final class CallReader {
    private final InferenceCall call;
    private final CallOptions options;
    private final int first;
    private final Optional<OptionValues> constantOptions;

    /**
     * Reads one call.
     *
     * @param first ordinal of the call's first argument in the rows that are read
     */
    CallReader(InferenceCall call, int first) {
        this.call = call;
        this.options = call.options();
        this.first = first;
        this.constantOptions = options.areConstant() ? Optional.of(options.constant()) : Optional.empty();
    }

    /** What has to be evaluated for each row: the inputs and the options that are not constant, NULL if not called. */
    List<Expression> arguments() {
        List<Expression> arguments = new ArrayList<>(call.inputs());
        if (constantOptions.isEmpty()) {
            arguments.addAll(options.arguments());
        }
        return call.guard().isEmpty()
                ? arguments
                : arguments.stream()
                        .<Expression>map(argument ->
                                new If(call.guard().get(), argument, new Literal(null, argument.dataType())))
                        .toList();
    }

    /** What a row asks for. */
    sealed interface Asked {
        /** Nothing: the guard does not hold or an input is NULL. */
        record Nothing() implements Asked {}

        /** A call of the engine. */
        record Call(EngineRequest request) implements Asked {}

        /** Something that cannot be asked. */
        record Wrong(EngineReply.Failed reply) implements Asked {}
    }

    Asked read(InternalRow arguments) {
        for (int index = 0; index < call.function().numInputs(); index++) {
            if (arguments.isNullAt(first + index)) {
                return new Asked.Nothing();
            }
        }
        try {
            OptionValues values = constantOptions.orElseGet(
                    () -> options.of(arguments, first + call.function().numInputs()));
            return new Asked.Call(request(arguments, values));
        } catch (OptionException wrong) {
            return wrong("INVALID_OPTION", wrong);
        } catch (IllegalArgumentException wrong) {
            return wrong("INVALID_PROMPT", wrong);
        }
    }

    private static Asked wrong(String code, IllegalArgumentException error) {
        return new Asked.Wrong(new EngineReply.Failed(code, String.valueOf(error.getMessage()), false));
    }

    private EngineRequest request(InternalRow arguments, OptionValues values) {
        return switch (call.function()) {
            case GENERATE, GENERATE_DETAILS -> generate(arguments, values.generation());
            case CLASSIFY, CLASSIFY_DETAILS ->
                new EngineRequest.Classify(
                        arguments.getString(first), labels(arguments.getArray(first + 1)), values.classification());
            case EMBED -> new EngineRequest.Embed(arguments.getString(first), values.embedding());
        };
    }

    private EngineRequest generate(InternalRow arguments, GenerationOptions generation) {
        DataType type = call.inputs().get(0).dataType();
        if (!(type instanceof ArrayType)) {
            return new EngineRequest.Generate(List.of(new ChatTurn("user", arguments.getString(first))), generation);
        }
        if (generation.raw()) {
            throw new IllegalArgumentException(
                    "a chat cannot be completed raw; give a text or leave option 'raw' out.");
        }
        return new EngineRequest.Generate(Chats.turns(arguments.getArray(first), type), generation);
    }

    private static List<String> labels(ArrayData array) {
        List<String> labels = new ArrayList<>();
        for (int index = 0; index < array.numElements(); index++) {
            @Nullable
            String label =
                    array.isNullAt(index) ? null : array.getUTF8String(index).toString();
            if (label == null || label.isEmpty()) {
                throw new IllegalArgumentException("label " + index + " is NULL or empty; every label needs a text.");
            }
            labels.add(label);
        }
        if (labels.size() < 2 || new HashSet<>(labels).size() < labels.size()) {
            throw new IllegalArgumentException(
                    "the labels are " + labels + "; there must be at least two, all different.");
        }
        return labels;
    }
}
