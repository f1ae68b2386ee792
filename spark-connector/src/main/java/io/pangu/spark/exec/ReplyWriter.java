package io.pangu.spark.exec;

import io.pangu.spark.engine.ModelDescription;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineReply.Classified;
import io.pangu.spark.request.EngineReply.Embedded;
import io.pangu.spark.request.EngineReply.Failed;
import io.pangu.spark.request.EngineReply.Generated;
import io.pangu.spark.request.EngineReply.LabelScore;
import io.pangu.spark.request.EngineReply.TokenLogprob;
import io.pangu.spark.request.EngineReply.TokenUsage;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** Makes the value of a call, in Catalyst's form and of the function's result type, out of the engine's reply. */
final class ReplyWriter {
    private final PanguFunction function;
    private final Supplier<ModelDescription> model;

    ReplyWriter(PanguFunction function, Supplier<ModelDescription> model) {
        this.function = function;
        this.model = model;
    }

    /** Whether a failed call is a value of this function. */
    boolean holdsErrors() {
        return function == PanguFunction.GENERATE_DETAILS || function == PanguFunction.CLASSIFY_DETAILS;
    }

    /** The value; a failure only where the function has a place for it. */
    Object value(EngineReply reply) {
        return switch (function) {
            case GENERATE -> text(((Generated) reply).text());
            case CLASSIFY -> text(((Classified) reply).label());
            case EMBED -> UnsafeArrayData.fromPrimitiveArray(((Embedded) reply).vector());
            case GENERATE_DETAILS ->
                reply instanceof Failed failed ? failedCompletion(failed) : completion((Generated) reply);
            case CLASSIFY_DETAILS -> reply instanceof Failed failed ? failedLabel(failed) : label((Classified) reply);
        };
    }

    private InternalRow completion(Generated reply) {
        List<TokenLogprob> tokens = reply.tokens();
        @Nullable
        Double logprob = tokens.isEmpty()
                ? null
                : tokens.stream().mapToDouble(TokenLogprob::logprob).sum();
        @Nullable
        GenericArrayData logprobs = tokens.isEmpty()
                ? null
                : new GenericArrayData(tokens.stream()
                        .map(token -> row(text(token.token()), token.logprob()))
                        .toArray());
        return row(
                text(reply.text()),
                reply.reasoning().map(ReplyWriter::text).orElse(null),
                text(reply.finishReason()),
                null,
                usage(reply.usage()),
                logprob,
                logprobs,
                modelRow(),
                reply.seed());
    }

    private InternalRow failedCompletion(Failed reply) {
        String reason = reply.code().equals("TIMEOUT") ? "cancelled" : "content_error";
        return row(null, null, text(reason), error(reply), usage(reply.usage()), null, null, modelRow(), null);
    }

    private static InternalRow label(Classified reply) {
        Object[] labels =
                reply.scores().stream().map(score -> text(score.label())).toArray();
        Object[] probabilities =
                reply.scores().stream().map(LabelScore::probability).toArray();
        double[] sorted = reply.scores().stream()
                .mapToDouble(LabelScore::probability)
                .sorted()
                .toArray();
        double best = sorted[sorted.length - 1];
        double margin = sorted.length > 1 ? best - sorted[sorted.length - 2] : best;
        ArrayBasedMapData byLabel =
                new ArrayBasedMapData(new GenericArrayData(labels), new GenericArrayData(probabilities));
        return row(text(reply.label()), best, margin, byLabel, usage(reply.usage()), null);
    }

    private static InternalRow failedLabel(Failed reply) {
        return row(null, null, null, null, usage(reply.usage()), error(reply));
    }

    private InternalRow modelRow() {
        ModelDescription running = model.get();
        return row(text(running.name()), text(running.fingerprint()));
    }

    private static InternalRow error(Failed reply) {
        return row(text(reply.code()), text(reply.message()), reply.retryable());
    }

    private static InternalRow usage(TokenUsage usage) {
        return row(usage.promptTokens(), usage.cachedTokens(), usage.completionTokens());
    }

    private static UTF8String text(String text) {
        return UTF8String.fromString(text);
    }

    private static InternalRow row(@Nullable Object... values) {
        return new GenericInternalRow(values);
    }
}
