package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineClient;
import io.pangu.spark.engine.EngineSettings;
import io.pangu.spark.exec.InferenceSettings.Failure;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.functions.Seqs;
import io.pangu.spark.plan.FakeSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/** A window over rows {@code (id INT, prompt STRING)} and an engine in the test's hands. */
final class WindowFixture {
    final ManualEngine engine = new ManualEngine();
    final AtomicInteger openings = new AtomicInteger();
    final TaskContextImpl task = TaskContext$.MODULE$.empty();
    final AttributeReference id = attribute("id", DataTypes.IntegerType);
    final AttributeReference prompt = attribute("prompt", DataTypes.StringType);
    /** Rows that were pulled from the input. */
    final AtomicInteger numPulled = new AtomicInteger();

    private Failure failure = Failure.FAILS_QUERY;
    private double maxErrorRatio = 1;
    private int numCalls = 1;

    WindowFixture givingNull(double maxErrors) {
        failure = Failure.GIVES_NULL;
        maxErrorRatio = maxErrors;
        return this;
    }

    /** Further calls of the same row, as of a query with several. */
    WindowFixture withCallsPerRow(int number) {
        numCalls = number;
        return this;
    }

    RequestWindow window(int size, @Nullable String... prompts) {
        return window(size, rows(prompts));
    }

    RequestWindow window(int size, Iterator<InternalRow> rows) {
        List<InferenceCall> calls = new ArrayList<>();
        List<Attribute> results = new ArrayList<>();
        for (int index = 0; index < numCalls; index++) {
            calls.add(new InferenceCall(PanguFunction.GENERATE, Seqs.<Expression>of(List.of(prompt)), List.of()));
            results.add((Attribute) attribute("generate", DataTypes.StringType));
        }
        Supplier<EngineClient> access = () -> {
            openings.incrementAndGet();
            return engine;
        };
        RowCodec codec = new RowCodec(
                calls,
                results,
                List.of((Attribute) id, (Attribute) prompt),
                () -> access.get().model(),
                0);
        InferenceSettings settings =
                new InferenceSettings(new EngineSettings("m", Map.of(), List.of()), failure, maxErrorRatio, size);
        InferenceMetrics metrics = new InferenceMetrics(FakeSession.spark().sparkContext());
        return new RequestWindow(rows, codec, access, settings, metrics, task, 0);
    }

    /** Rows as Spark's operators give them: each written over the one before. */
    Iterator<InternalRow> rows(@Nullable String... prompts) {
        UnsafeProjection projection = UnsafeProjection.create(
                Seqs.<Expression>of(List.of(id, prompt)),
                Seqs.<Attribute>of(List.of((Attribute) id, (Attribute) prompt)));
        return new AbstractIterator<>() {
            @Override
            public boolean hasNext() {
                return numPulled.get() < prompts.length;
            }

            @Override
            public InternalRow next() {
                int index = numPulled.getAndIncrement();
                UTF8String text = prompts[index] == null ? null : UTF8String.fromString(prompts[index]);
                return projection.apply(new GenericInternalRow(new Object[] {index, text}));
            }
        };
    }

    /** An output row as {@code id,prompt,result...}. */
    String text(InternalRow row) {
        StringBuilder text =
                new StringBuilder().append(row.getInt(0)).append(',').append(row.getString(1));
        for (int index = 0; index < numCalls; index++) {
            text.append(',').append(row.isNullAt(2 + index) ? "null" : row.getString(2 + index));
        }
        return text.toString();
    }

    private static AttributeReference attribute(String name, org.apache.spark.sql.types.DataType type) {
        return new AttributeReference(
                name, type, true, Metadata.empty(), NamedExpression.newExprId(), Seqs.of(List.of()));
    }
}
