package io.pangu.spark.exec;

import io.pangu.spark.engine.ModelDescription;
import io.pangu.spark.exec.CallReader.Asked;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.functions.Seqs;
import io.pangu.spark.request.EngineReply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.jspecify.annotations.Nullable;

/** Between Spark's rows and the engine's requests and replies, for all calls of an operator. Used by one task's thread. */
final class RowCodec {
    private final List<CallReader> readers = new ArrayList<>();
    private final List<ReplyWriter> writers = new ArrayList<>();
    private final List<PanguFunction> functions;
    private final UnsafeProjection arguments;
    private final UnsafeProjection output;
    private final JoinedRow joined = new JoinedRow();

    RowCodec(
            List<InferenceCall> calls,
            List<Attribute> results,
            List<Attribute> input,
            Supplier<ModelDescription> model,
            int partition) {
        List<Expression> expressions = new ArrayList<>();
        for (InferenceCall call : calls) {
            CallReader reader = new CallReader(call, expressions.size());
            expressions.addAll(reader.arguments());
            readers.add(reader);
            writers.add(new ReplyWriter(call.function(), model));
        }
        functions = calls.stream().map(InferenceCall::function).toList();
        arguments = UnsafeProjection.create(Seqs.of(expressions), Seqs.of(input));
        arguments.initialize(partition);
        List<Attribute> all = new ArrayList<>(input);
        all.addAll(results);
        output = UnsafeProjection.create(Seqs.<Expression>of(all), Seqs.of(all));
        output.initialize(partition);
    }

    /** What each call of the operator asks for this row. */
    List<Asked> read(InternalRow row) {
        InternalRow evaluated = arguments.apply(row);
        return readers.stream().map(reader -> reader.read(evaluated)).toList();
    }

    /** The row with its calls' values behind it; valid until the next one is made. */
    InternalRow output(InternalRow row, @Nullable Object[] values) {
        return output.apply(joined.apply(row, new GenericInternalRow(values)));
    }

    Object value(int call, EngineReply reply) {
        return writers.get(call).value(reply);
    }

    boolean holdsErrors(int call) {
        return writers.get(call).holdsErrors();
    }

    PanguFunction function(int call) {
        return functions.get(call);
    }
}
