package io.pangu.spark.exec;

import io.pangu.spark.functions.CallOptions;
import io.pangu.spark.functions.Chats;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Labels;
import io.pangu.spark.functions.OptionException;
import io.pangu.spark.functions.OptionValues;
import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineRequest;
import io.pangu.spark.request.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;

/** Makes the engine's request of one call out of a row of evaluated arguments. */
final class CallReader {
    private final InferenceCall call;
    private final CallOptions options;
    private final int first;
    private final boolean hasConstantOptions;
    private @Nullable OptionValues constantOptions;
    private @Nullable OptionException wrongOptions;

    /**
     * Reads one call.
     *
     * @param first ordinal of the call's first argument in the rows that are read
     */
    CallReader(InferenceCall call, int first) {
        this.call = call;
        this.options = call.options();
        this.first = first;
        this.hasConstantOptions = options.areConstant();
        if (hasConstantOptions) {
            try {
                this.constantOptions = options.constant();
            } catch (OptionException wrong) {
                // Options that became constant after the analysis, as a column of equal values does: each row's error.
                this.wrongOptions = wrong;
            }
        }
    }

    /** What has to be evaluated for each row: the inputs and the options that are not constant, NULL if not called. */
    List<Expression> arguments() {
        List<Expression> arguments = new ArrayList<>(call.inputs());
        if (!hasConstantOptions) {
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
            return new Asked.Call(request(arguments, options(arguments)));
        } catch (OptionException wrong) {
            return wrong("INVALID_OPTION", wrong);
        } catch (IllegalArgumentException wrong) {
            return wrong("INVALID_PROMPT", wrong);
        }
    }

    private OptionValues options(InternalRow arguments) {
        if (wrongOptions != null) {
            throw wrongOptions;
        }
        return constantOptions != null
                ? constantOptions
                : options.of(arguments, first + call.function().numInputs());
    }

    private static Asked wrong(String code, IllegalArgumentException error) {
        return new Asked.Wrong(new EngineReply.Failed(code, String.valueOf(error.getMessage()), false));
    }

    private EngineRequest request(InternalRow arguments, OptionValues values) {
        return switch (call.function()) {
            case GENERATE, GENERATE_DETAILS -> generate(arguments, values.generation());
            case CLASSIFY, CLASSIFY_DETAILS ->
                new EngineRequest.Classify(
                        arguments.getString(first),
                        Labels.read(arguments.getArray(first + 1)),
                        values.classification());
            case EMBED -> new EngineRequest.Embed(arguments.getString(first), values.embedding());
        };
    }

    private EngineRequest generate(InternalRow arguments, GenerationOptions generation) {
        DataType type = call.inputs().get(0).dataType();
        if (!(type instanceof ArrayType)) {
            return new EngineRequest.Generate(List.of(new ChatTurn("user", arguments.getString(first))), generation);
        }
        if (generation.raw()) {
            throw OptionException.rawChat();
        }
        return new EngineRequest.Generate(Chats.turns(arguments.getArray(first), type), generation);
    }
}
