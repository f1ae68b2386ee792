package io.pangu.spark.resource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Keeps processes of one machine from using the same NPU. Spark's own book-keeping ends at a worker: two workers on a machine,
 * executors on YARN and those of {@code local-cluster} may all be told the same addresses. Each NPU has a lock file, named by
 * its number on the machine; engines of one process share it. The locks are advisory: other programs do not know them.
 * Thread-safe.
 */
public final class DeviceLocks {
    /** How long to wait for another process: an executor that was killed may take seconds to give its memory back. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final long POLL_MILLIS = 100;

    /** What this process holds, by file: shared by all instances, as a second channel on a file would end the first's lock. */
    private static final Map<Path, Held> HELD = new HashMap<>();

    private final Path directory;
    private final Duration patience;

    public DeviceLocks(NpuEnvironment environment) {
        this(environment.lockDirectory(), PATIENCE);
    }

    DeviceLocks(Path directory, Duration patience) {
        this.directory = directory.toAbsolutePath().normalize();
        this.patience = patience;
    }

    /** Locks held until it is closed. */
    public static final class Claim implements AutoCloseable {
        private final List<Path> files;
        private boolean isClosed;

        private Claim(List<Path> files) {
            this.files = List.copyOf(files);
        }

        /** Gives the NPUs back. Idempotent. */
        @Override
        public void close() {
            synchronized (HELD) {
                if (!isClosed) {
                    isClosed = true;
                    files.forEach(DeviceLocks::release);
                }
            }
        }
    }

    private static final class Held {
        private final LockFile lock;
        private int numUsers;

        Held(LockFile lock) {
            this.lock = lock;
        }
    }

    /**
     * Takes all of these NPUs for this process, waiting some seconds for one that another process has.
     *
     * @param owner what another process is to read about this one: process id and what it does
     * @throws ResourceException naming the NPU and who has it; none is held then
     */
    public Claim take(List<Npu> npus, String owner) {
        // The same order everywhere, so that two processes that want the same do not each get half.
        List<Npu> inOrder =
                npus.stream().sorted(Comparator.comparingInt(Npu::number)).toList();
        List<Path> taken = new ArrayList<>();
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            for (Npu npu : inOrder) {
                take(npu, owner, deadline);
                taken.add(file(npu));
            }
            return new Claim(taken);
        } catch (RuntimeException | Error e) {
            new Claim(taken).close();
            throw e;
        }
    }

    /**
     * Takes so many of these NPUs as are wanted, the first that no other process has, for as long as this process lives; waits
     * some seconds while there are too few.
     *
     * @throws ResourceException naming those that are taken if too few are left; none is held then
     */
    public List<Npu> takeFree(List<Npu> npus, int wanted, String owner) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            List<Npu> free = new ArrayList<>();
            List<String> taken = new ArrayList<>();
            try {
                for (Npu npu : npus) {
                    if (free.size() < wanted) {
                        tryTake(npu, owner)
                                .ifPresentOrElse(holder -> taken.add(npu + " by " + holder), () -> free.add(npu));
                    }
                }
            } finally {
                // Half of what is wanted serves nobody, and may be what another waits for.
                if (free.size() < wanted) {
                    new Claim(free.stream().map(this::file).toList()).close();
                }
            }
            if (free.size() == wanted) {
                return List.copyOf(free);
            }
            if (System.nanoTime() >= deadline) {
                throw new ResourceException(wanted + " NPUs are wanted, but " + free.size() + " of " + npus.size()
                        + " are free. Taken are " + VisibleDevices.list(taken)
                        + ". Start fewer executors on this machine, ask for fewer NPUs each, or end those processes");
            }
            pause(npus);
        }
    }

    private void take(Npu npu, String owner, long deadline) {
        while (true) {
            Optional<String> holder = tryTake(npu, owner);
            if (holder.isEmpty()) {
                return;
            }
            if (System.nanoTime() >= deadline) {
                throw new ResourceException(npu + " is in use by " + holder.get() + ", which holds " + file(npu)
                        + ". Two executors must not share an NPU. Give those of one machine different ones: a worker for"
                        + " each machine, or " + NpuEnvironment.RUNTIME_VISIBLE + " set differently for each worker"
                        + " (local-cluster tells all its executors the same addresses: use one executor there). If that"
                        + " process is left over, end it");
            }
            pause(List.of(npu));
        }
    }

    private static void pause(List<Npu> waitedFor) {
        try {
            // Not in step with another process that takes and gives back what this one waits for.
            Thread.sleep(ThreadLocalRandom.current().nextLong(POLL_MILLIS / 2, POLL_MILLIS * 2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ResourceException("interrupted while waiting for " + VisibleDevices.list(waitedFor), e);
        }
    }

    /** Takes the lock, or tells who has it. */
    private Optional<String> tryTake(Npu npu, String owner) {
        Path file = file(npu);
        synchronized (HELD) {
            Held held = HELD.get(file);
            if (held == null) {
                LockFile.Attempt attempt = attempt(file, owner);
                if (attempt.lock().isEmpty()) {
                    return Optional.of(attempt.holder());
                }
                held = new Held(attempt.lock().get());
                HELD.put(file, held);
            }
            held.numUsers++;
            return Optional.empty();
        }
    }

    private static LockFile.Attempt attempt(Path file, String owner) {
        try {
            return LockFile.tryTake(file, owner);
        } catch (IOException e) {
            throw new ResourceException(
                    "the lock file " + file + " cannot be used: " + e + ". Make it writable, or set "
                            + NpuEnvironment.LOCK_DIRECTORY
                            + " to a directory that every user of this machine's NPUs can write"
                            + " to, the same for all",
                    e);
        }
    }

    private static void release(Path file) {
        Held held = HELD.get(file);
        if (held != null && --held.numUsers == 0) {
            HELD.remove(file);
            try {
                held.lock.close();
            } catch (IOException e) {
                throw new ResourceException("the lock file " + file + " cannot be closed: " + e, e);
            }
        }
    }

    private Path file(Npu npu) {
        return directory.resolve("pangu-npu-" + npu.number() + ".lock");
    }
}
