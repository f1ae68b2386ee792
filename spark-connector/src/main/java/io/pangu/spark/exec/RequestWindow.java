package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineClient;
import io.pangu.spark.engine.PendingReply;
import io.pangu.spark.exec.CallReader.Asked;
import io.pangu.spark.exec.RowFailedException.RowPosition;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineReply.Failed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * The rows of a partition with the values of their calls, in the order they came in. Keeps a bounded number of calls in
 * flight ahead of the row that is wanted next. Used by the task's thread alone, which is also the only one that pulls the
 * input; the engine's threads do no more than wake it. Gives up within a moment when the task is killed.
 */
final class RequestWindow extends AbstractIterator<InternalRow> {
    /** How many rows may wait for a slow one before them, in windows. */
    private static final int ROWS_PER_CALL = 4;
    /** How often a waiting task looks whether it was killed. */
    private static final long KILL_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Iterator<InternalRow> input;
    private final RowCodec codec;
    private final Supplier<EngineClient> engine;
    private final InferenceSettings settings;
    private final InferenceMetrics metrics;
    private final TaskContext task;
    private final int partition;
    private final ErrorRatio errors;
    private final Deque<AskedRow> rows = new ArrayDeque<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private long numTaken;
    private long firstCallNanos;
    private boolean isClosed;

    RequestWindow(
            Iterator<InternalRow> input,
            RowCodec codec,
            Supplier<EngineClient> engine,
            InferenceSettings settings,
            InferenceMetrics metrics,
            TaskContext task,
            int partition) {
        this.input = input;
        this.codec = codec;
        this.engine = engine;
        this.settings = settings;
        this.metrics = metrics;
        this.task = task;
        this.partition = partition;
        this.errors = new ErrorRatio(settings.maxErrorRatio());
    }

    /** A row and what became of its calls so far. */
    private record AskedRow(InternalRow row, RowPosition position, List<Answer> answers) {
        boolean isComplete() {
            return answers.stream().allMatch(answer -> answer.future().isDone());
        }
    }

    /** A call's answer, now or later; {@code null} as value where nothing was asked. */
    private record Answer(
            CompletableFuture<@Nullable EngineReply> future,
            @Nullable PendingReply pending) {}

    @Override
    public boolean hasNext() {
        if (rows.isEmpty() || !rows.element().isComplete()) {
            fill();
        }
        if (rows.isEmpty()) {
            errors.check();
            return false;
        }
        return true;
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        fill();
        await(rows.element());
        AskedRow head = remove();
        Object[] values = new Object[head.answers().size()];
        for (int index = 0; index < values.length; index++) {
            values[index] = value(head, index);
        }
        metrics.addRow();
        return codec.output(head.row(), values);
    }

    private AskedRow remove() {
        synchronized (rows) {
            if (isClosed) {
                throw new TaskKilledException("the task ended while it waited for the engine");
            }
            return rows.remove();
        }
    }

    /** Gives up what is in flight; called when the task ends, by whichever thread ends it. */
    void close() {
        List<AskedRow> waiting;
        synchronized (rows) {
            isClosed = true;
            waiting = List.copyOf(rows);
            rows.clear();
        }
        waiting.forEach(row -> giveUp(row.answers()));
        if (firstCallNanos != 0) {
            metrics.endTask(System.nanoTime() - firstCallNanos);
        }
    }

    private static void giveUp(List<Answer> answers) {
        for (Answer answer : answers) {
            if (answer.pending() != null && !answer.future().isDone()) {
                answer.pending().cancel();
            }
        }
    }

    private void fill() {
        while (takeOne()) {
            // takes until the window is full or the input is empty
        }
    }

    private boolean takeOne() {
        boolean hasRoom = inFlight.get() < settings.window() && rows.size() < ROWS_PER_CALL * settings.window();
        if (!hasRoom) {
            return false;
        }
        task.killTaskIfInterrupted();
        if (!input.hasNext()) {
            return false;
        }
        // The child writes its next row into the same memory.
        InternalRow row = input.next().copy();
        RowPosition position = new RowPosition(partition, numTaken++);
        List<Answer> answers = new ArrayList<>();
        boolean isTaken = false;
        try {
            for (Asked asked : codec.read(row)) {
                answers.add(ask(asked, answers.size(), position));
            }
            isTaken = take(new AskedRow(row, position, answers));
        } finally {
            if (!isTaken) {
                giveUp(answers);
            }
        }
        return true;
    }

    private boolean take(AskedRow row) {
        synchronized (rows) {
            if (isClosed) {
                throw new TaskKilledException("the task ended while it asked the engine");
            }
            return rows.add(row);
        }
    }

    private Answer ask(Asked asked, int index, RowPosition position) {
        if (asked instanceof Asked.Wrong wrong) {
            return new Answer(CompletableFuture.completedFuture(wrong.reply()), null);
        }
        if (!(asked instanceof Asked.Call call)) {
            return new Answer(CompletableFuture.completedFuture(null), null);
        }
        EngineClient client = engine.get();
        if (firstCallNanos == 0) {
            firstCallNanos = System.nanoTime();
        }
        metrics.addCall();
        PendingReply pending;
        try {
            pending = client.submit(call.request());
        } catch (RuntimeException e) {
            throw RowFailedException.engineLost(codec.function(index), position, e);
        }
        inFlight.incrementAndGet();
        Thread taskThread = Thread.currentThread();
        CompletableFuture<@Nullable EngineReply> future = pending.future().whenComplete((reply, error) -> {
            inFlight.decrementAndGet();
            LockSupport.unpark(taskThread);
        });
        return new Answer(future, pending);
    }

    private void await(AskedRow row) {
        while (!row.isComplete()) {
            task.killTaskIfInterrupted();
            if (Thread.interrupted()) {
                throw new TaskKilledException("interrupted while waiting for the engine");
            }
            // A slow row must not leave the engine without work: replies behind it make room for further calls.
            if (!takeOne()) {
                long start = System.nanoTime();
                LockSupport.parkNanos(this, KILL_CHECK_NANOS);
                metrics.addWaiting(System.nanoTime() - start);
            }
        }
        task.killTaskIfInterrupted();
    }

    private @Nullable Object value(AskedRow row, int index) {
        PanguFunction function = codec.function(index);
        EngineReply reply;
        try {
            reply = row.answers().get(index).future().join();
        } catch (CompletionException | CancellationException lost) {
            Throwable cause = lost.getCause() == null ? lost : lost.getCause();
            throw RowFailedException.engineLost(function, row.position(), cause);
        }
        if (reply == null) {
            return null;
        }
        metrics.addReply(reply);
        errors.addAnswer();
        if (reply instanceof Failed failed) {
            // A cancelled call says nothing about its row: a retry of the task answers it.
            if (failed.code().equals("CANCELLED")) {
                throw RowFailedException.cancelled(function, row.position(), failed);
            }
            if (!codec.holdsErrors(index)) {
                if (settings.failure() == InferenceSettings.Failure.FAILS_QUERY) {
                    throw RowFailedException.of(function, row.position(), failed);
                }
                errors.addFailure(function, row.position(), failed);
                return null;
            }
        }
        return codec.value(index, reply);
    }
}
