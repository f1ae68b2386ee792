package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineAccess;
import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.List;
import org.apache.spark.PartitionEvaluator;
import org.apache.spark.PartitionEvaluatorFactory;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.util.TaskCompletionListener;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;

/**
 * What the operator sends to executors.
 *
 * @param calls the operator's calls
 * @param results one attribute for each
 * @param input the rows' attributes
 */
record InferenceEvaluatorFactory(
        Seq<InferenceCall> calls,
        Seq<Attribute> results,
        Seq<Attribute> input,
        InferenceSettings settings,
        EngineAccess access,
        InferenceMetrics metrics)
        implements PartitionEvaluatorFactory<InternalRow, InternalRow> {

    @Override
    public PartitionEvaluator<InternalRow, InternalRow> createEvaluator() {
        return this::rows;
    }

    private Iterator<InternalRow> rows(int partition, Seq<Iterator<InternalRow>> inputs) {
        Iterator<InternalRow> rows = inputs.head();
        EngineOfTask engine = new EngineOfTask(access, settings.engine());
        RowCodec codec = new RowCodec(
                List.copyOf(Seqs.<InferenceCall>list(calls)),
                Seqs.<Attribute>list(results),
                Seqs.<Attribute>list(input),
                () -> engine.get().model(),
                partition);
        TaskContext task = TaskContext.get();
        RequestWindow window = new RequestWindow(rows, codec, engine, settings, metrics, task, partition);
        task.addTaskCompletionListener((TaskCompletionListener) context -> window.close());
        return window;
    }
}
