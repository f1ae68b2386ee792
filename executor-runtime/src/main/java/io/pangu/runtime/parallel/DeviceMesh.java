package io.pangu.runtime.parallel;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.error.EngineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of one engine, each driven by a thread of its own, on which all ranks run the same program at the same time. One
 * device is driven in the same way. The first failure of a rank breaks all collectives off and loses the mesh: every later
 * call ends with {@code DEVICE_LOST}. A rank that does not come back within its limit is given up: its thread is abandoned,
 * the caller goes on. Thread-safe; calls from several threads take turns.
 */
public final class DeviceMesh implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceMesh.class);

    /** How long who waits spins before parking, where there are processors to spare. */
    private static final long SPIN_NANOS = 50_000;

    /** Longer than any process lives: a limit beyond what nanoseconds count is taken as this. */
    private static final Duration LONGEST_LIMIT = Duration.ofDays(36_500);

    private final DeviceGroup group;
    private final MeshLimits limits;
    private final long spinNanos;
    private final List<RankThread> threads = new ArrayList<>();
    private List<String> descriptions = List.of();
    private volatile @Nullable Throwable failure; // the first of any rank; the mesh is lost from then on
    private volatile @Nullable MeshJob<?> running;
    private boolean isClosed;

    private DeviceMesh(DeviceGroup group, MeshLimits limits) {
        this.group = group;
        this.limits = limits;
        group.watch(this::giveUp);
        this.spinNanos = group.size() < Runtime.getRuntime().availableProcessors() ? SPIN_NANOS : 0;
    }

    /**
     * Starts the threads and opens all devices on them at once.
     *
     * @throws io.pangu.runtime.error.EngineException what the first rank that failed threw, others attached, or
     *     {@code DEVICE_LOST} when one did not come back; devices that were open are closed again
     */
    public static DeviceMesh open(DeviceGroup group, MeshLimits limits) {
        DeviceMesh mesh = new DeviceMesh(group, limits);
        try {
            mesh.openDevices();
            return mesh;
        } catch (RuntimeException | Error e) {
            mesh.close();
            throw e;
        }
    }

    private synchronized void openDevices() {
        for (int rank = 0; rank < group.size(); rank++) {
            threads.add(new RankThread(rank, group.size(), spinNanos, () -> failure != null));
        }
        threads.forEach(Thread::start);
        descriptions = List.copyOf(collect("opening the devices", limits.open(), rank -> {
            Device device = group.open(rank.index());
            rank.opened(device);
            threads.get(rank.index()).describe(device.description());
            return device.description();
        }));
    }

    /** Number of devices. */
    public int size() {
        return threads.size();
    }

    /** What the devices say of themselves, in rank order. */
    public List<String> descriptions() {
        return descriptions;
    }

    public MeshLimits limits() {
        return limits;
    }

    /**
     * Lets all ranks do the same within the limit of a step, and waits for them.
     *
     * @param work what it is, for messages: {@code a forward pass}
     * @return the results in rank order
     * @throws RuntimeException or an Error: the first failure of a rank, those of others attached; the mesh is lost
     */
    public <T> List<T> collect(String work, RankTask<T> task) {
        return collect(work, limits.step(), task);
    }

    /** The same within another limit. */
    public synchronized <T> List<T> collect(String work, Duration limit, RankTask<T> task) {
        MeshJob<T> job = execute(work, limit, threads, task);
        List<T> results = new ArrayList<>();
        for (RankThread thread : threads) {
            results.add(job.result(thread.index()));
        }
        return results;
    }

    /** The same for what has no result. */
    public synchronized void run(String work, RankAction action) {
        MeshJob<Rank> ignored = execute(work, limits.step(), threads, done(action));
    }

    /** Lets one rank do something alone, collectives excepted, within the limit of a step. */
    public synchronized void runOn(int rank, String work, RankAction action) {
        MeshJob<Rank> ignored = execute(work, limits.step(), List.of(threads.get(rank)), done(action));
    }

    private static RankTask<Rank> done(RankAction action) {
        return rank -> {
            action.run(rank);
            return rank;
        };
    }

    private <T> MeshJob<T> execute(String work, Duration limit, List<RankThread> participants, RankTask<T> task) {
        requireUsable();
        MeshJob<T> job = new MeshJob<>(task, threads.size(), participants.size(), spinNanos, this::lose);
        running = job;
        long deadline = System.nanoTime() + nanos(limit);
        for (RankThread thread : participants) {
            thread.submit(job);
        }
        boolean isDone = job.await(deadline, nanos(limits.stop()));
        running = null;
        if (!isDone || job.hasFailed()) {
            throwFailure(job, participants, work, limit);
        }
        return job;
    }

    /** A device's call does not come back: whoever waits for its rank goes on. On the thread that watches calls. */
    private void giveUp(int rank, EngineException loss) {
        LOG.error("{}", loss.getMessage());
        threads.get(rank).giveUp();
        MeshJob<?> job = running;
        if (job != null) {
            job.abandon(rank, loss);
        }
        if (failure == null) {
            lose(loss);
        }
    }

    private static long nanos(Duration limit) {
        return (limit.compareTo(LONGEST_LIMIT) > 0 ? LONGEST_LIMIT : limit).toNanos();
    }

    private void requireUsable() {
        if (isClosed) {
            throw new IllegalStateException("the devices are closed");
        }
        Throwable cause = failure;
        if (cause != null) {
            throw MeshErrors.lost(cause);
        }
    }

    /** On the thread of the rank that failed, so that the others hear of it at once. */
    private void lose(Throwable cause) {
        failure = cause;
        try {
            group.abort(cause);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private void throwFailure(MeshJob<?> job, List<RankThread> participants, String work, Duration limit) {
        boolean wasLate = !job.hasFailed();
        if (wasLate) {
            // Whoever waits in a collective for the rank that hangs comes back by this.
            job.fail(MeshErrors.timedOut(work, limit));
            job.await(System.nanoTime() + nanos(limits.stop()), nanos(limits.stop()));
        }
        List<RankThread> hung = participants.stream()
                .filter(thread -> !job.isSettled(thread.index()))
                .toList();
        hung.forEach(RankThread::giveUp);
        Throwable first = job.root();
        if (!hung.isEmpty()) {
            Throwable unreturned = MeshErrors.hung(hung, work, wasLate ? limit : limits.stop());
            if (wasLate) {
                first = unreturned;
            } else {
                first.addSuppressed(unreturned);
            }
        }
        for (Throwable other : job.failures()) {
            if (!other.equals(first)) {
                first.addSuppressed(other);
            }
        }
        failure = first;
        if (first instanceof Error e) {
            throw e;
        }
        throw (RuntimeException) first; // a task throws nothing else
    }

    /**
     * Closes on each rank's thread what the rank owns, the device last, within the limit to stop. Idempotent.
     *
     * @throws RuntimeException the first failure to close on a mesh that was not lost; on one that was, a line in the log
     */
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        threads.forEach(RankThread::end);
        long deadline = System.nanoTime() + nanos(limits.stop());
        List<RankThread> stuck =
                threads.stream().filter(thread -> !thread.awaitClosed(deadline)).toList();
        if (!stuck.isEmpty()) {
            LOG.warn(
                    "{} did not close within {} or had been given up; what it holds is given back when it comes back",
                    stuck.stream().map(RankThread::description).collect(Collectors.joining(", ")),
                    limits.stop());
        }
        List<Throwable> failures = new ArrayList<>();
        for (RankThread thread : threads) {
            Throwable failed = stuck.contains(thread) ? null : thread.closeFailure();
            if (failed != null) {
                failures.add(failed);
            }
        }
        reportClosing(failures);
    }

    private void reportClosing(List<Throwable> failures) {
        if (failures.isEmpty()) {
            return;
        }
        IllegalStateException closing =
                new IllegalStateException("while trying to close the devices: " + failures.get(0), failures.get(0));
        failures.stream().skip(1).forEach(closing::addSuppressed);
        if (failure == null) {
            throw closing;
        }
        LOG.warn("devices that had failed before did not close cleanly", closing);
    }
}
