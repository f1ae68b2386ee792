package io.pangu.runtime.engine;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.sampling.Sampler;
import io.pangu.runtime.scheduler.ScheduledBatch;
import io.pangu.runtime.scheduler.ScheduledBatch.Slice;
import io.pangu.runtime.scheduler.Scheduler;
import io.pangu.runtime.scheduler.SchedulerSettings;
import io.pangu.runtime.scheduler.Sequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scheduler thread's work: takes requests in, schedules, runs the model, reads its outputs, step after step, until it is
 * told to stop or the device is lost. It owns the model and all sequences; other threads reach it through its inbox alone. It
 * never runs anybody else's code.
 */
final class EngineLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(EngineLoop.class);

    private final LanguageModel model;
    private final Scheduler scheduler;
    private final BatchAssembler assembler;
    private final Sampler sampler;
    private final float[] logits; // (vocabSize), scratch
    private final StepCounters counters;
    private final OpenRequests open;
    private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final Map<Sequence, Task<?>> tasks = new HashMap<>();
    private final Map<Object, Task<?>> byIdentity = new HashMap<>();
    private volatile boolean stopping;
    private volatile boolean ended;

    EngineLoop(LanguageModel model, SchedulerSettings settings, StepCounters counters, OpenRequests open) {
        this.model = model;
        this.scheduler = new Scheduler(settings);
        this.assembler = new BatchAssembler(settings.blockSize());
        this.sampler = new Sampler(model.config().vocabSize());
        this.logits = new float[model.config().vocabSize()];
        this.counters = counters;
        this.open = open;
    }

    /** Hands a task in for a request. Any thread. */
    <T> void submit(Task<T> task, PendingRequest<T> request) {
        inbox.add(() -> start(task, request));
    }

    /** Lets a request go that has ended; its task with it if nobody else waits for that. Any thread. */
    void release(PendingRequest<?> request) {
        if (!ended) {
            inbox.add(() -> detach(request));
        }
    }

    /** Ends the loop after the step that is running. Any thread. */
    void stop() {
        stopping = true;
        // Wakes the loop if it has nothing to do.
        inbox.add(() -> {});
    }

    @Override
    public void run() {
        try {
            runUntilStopped();
            endAll(EngineErrors.closed());
        } catch (EngineException e) {
            LOG.error("the engine has ended: {}", e.getMessage(), e);
            endAll(EngineErrors.ended(e));
        } catch (RuntimeException | Error e) {
            endAll(EngineErrors.ended(e));
            throw e;
        } finally {
            ended = true;
            inbox.clear();
            closeModel();
        }
    }

    /** Ends every request, the state first, so that who sees a request's end sees nothing of it left. */
    private void endAll(EngineException why) {
        try {
            tasks.keySet().forEach(scheduler::remove);
            tasks.clear();
            byIdentity.clear();
            counters.show(scheduler);
        } finally {
            open.endAll(why);
        }
    }

    private void closeModel() {
        try {
            model.close();
        } catch (RuntimeException e) {
            LOG.warn("the engine has ended, but the model could not be closed in order", e);
        }
    }

    private void runUntilStopped() {
        while (!stopping) {
            receive();
            ScheduledBatch batch = scheduler.schedule();
            counters.show(scheduler);
            if (!batch.isEmpty()) {
                step(batch);
            }
        }
    }

    private void receive() {
        try {
            if (tasks.isEmpty()) {
                inbox.take().run();
            }
            for (Runnable next = inbox.poll(); next != null; next = inbox.poll()) {
                next.run();
            }
        } catch (InterruptedException e) {
            // Nobody has a reason to interrupt this thread but to end it.
            stopping = true;
        }
    }

    private <T> void start(Task<T> task, PendingRequest<T> request) {
        if (request.isSettled()) {
            return;
        }
        Task<?> same = byIdentity.get(task.identity());
        if (same != null) {
            @SuppressWarnings("unchecked") // Identities are records of the task's class.
            Task<T> shared = (Task<T>) same;
            shared.requests().add(request);
            return;
        }
        try {
            scheduler.add(task.sequence());
        } catch (EngineException e) {
            request.fail(e);
            return;
        }
        task.requests().add(request);
        tasks.put(task.sequence(), task);
        byIdentity.put(task.identity(), task);
    }

    private void detach(PendingRequest<?> request) {
        for (Task<?> task : List.copyOf(tasks.values())) {
            if (task.requests().remove(request) && task.requests().isEmpty()) {
                forget(task);
            }
        }
    }

    private void forget(Task<?> task) {
        scheduler.remove(task.sequence());
        tasks.remove(task.sequence());
        byIdentity.remove(task.identity());
    }

    private void step(ScheduledBatch batch) {
        List<Task<?>> reading = new ArrayList<>();
        long start = System.nanoTime();
        try {
            ForwardOutput output = model.forward(
                    assembler.assemble(batch, sequence -> task(sequence).outputKind()));
            long forwardNanos = System.nanoTime() - start;
            scheduler.complete(batch);
            StepOutputs outputs = new StepOutputs(output, batch.numOutputs(), sampler, logits);
            read(batch, outputs, reading);
            outputs.resolve();
            counters.countStep(batch, forwardNanos + outputs.deviceNanos());
        } catch (RuntimeException e) {
            if (isDeviceLost(e)) {
                throw e;
            }
            LOG.warn(
                    "a step of {} tokens failed; its {} requests fail",
                    batch.numTokens(),
                    batch.slices().size(),
                    e);
            for (Slice slice : batch.slices()) {
                Task<?> task = tasks.get(slice.sequence());
                if (task != null) {
                    fail(task, e);
                }
            }
            return;
        }
        List<Task<?>> finished = advance(reading);
        // First the state without them, so that who sees a result sees its blocks free.
        counters.show(scheduler);
        finished.forEach(this::deliver);
    }

    /** Lets every task that read outputs go on, a fault in that being its own; gives those that are finished. */
    private List<Task<?>> advance(List<Task<?>> reading) {
        List<Task<?>> finished = new ArrayList<>();
        for (Task<?> task : reading) {
            if (task instanceof GenerateTask) {
                counters.countGeneratedToken();
            }
            try {
                if (task.advance()) {
                    forget(task);
                    finished.add(task);
                }
            } catch (RuntimeException e) {
                LOG.warn("a request failed on the host; the others go on", e);
                fail(task, e);
            }
        }
        return finished;
    }

    /** Lets every task with outputs read them; a fault in one task's reading is that task's alone. */
    private void read(ScheduledBatch batch, StepOutputs outputs, List<Task<?>> reading) {
        int row = 0;
        for (Slice slice : batch.slices()) {
            int count = slice.numOutputs();
            if (count == 0) {
                continue;
            }
            Task<?> task = task(slice.sequence());
            try {
                task.read(outputs, row, slice.start() + slice.count() - count, count);
                reading.add(task);
            } catch (RuntimeException e) {
                if (isDeviceLost(e)) {
                    throw e;
                }
                LOG.warn("a request failed while its outputs were read; the others go on", e);
                fail(task, e);
            }
            row += count;
        }
    }

    private Task<?> task(Sequence sequence) {
        Task<?> task = tasks.get(sequence);
        if (task == null) {
            throw new IllegalStateException("a sequence was scheduled that belongs to no task");
        }
        return task;
    }

    private <T> void deliver(Task<T> task) {
        counters.countCachedTokens(task.sequence().numCached());
        for (PendingRequest<T> request : task.requests()) {
            request.succeed(task::result);
        }
    }

    private void fail(Task<?> task, RuntimeException cause) {
        forget(task);
        for (PendingRequest<?> request : List.copyOf(task.requests())) {
            request.fail(EngineErrors.failed(cause));
        }
    }

    private static boolean isDeviceLost(RuntimeException e) {
        return e instanceof EngineException known && known.code() == ErrorCode.DEVICE_LOST;
    }
}
