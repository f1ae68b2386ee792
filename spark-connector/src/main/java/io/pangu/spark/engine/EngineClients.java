package io.pangu.spark.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines of this JVM, one for all tasks that want the same. Each is opened when it is first wanted, by a thread of its
 * own, while the tasks wait; a failure is remembered for a while, so that every task of a job reports the same reason
 * without loading the model again. Thread-safe.
 */
public final class EngineClients {
    /** Engines that one JVM holds at most: beyond it the one unused for longest is closed. */
    static final int MAX_ENGINES = 4;

    /** How long a failure stands before the engine is tried again: longer than the retries of one job's tasks take. */
    static final Duration FAILURE_MEMORY = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(EngineClients.class);
    private static final long POLL_MILLIS = 50;

    private static final EngineClients OF_THIS_JVM = new EngineClients(installed(), System::nanoTime);

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(EngineClients::closeAll, "pangu-engine-shutdown"));
    }

    private final List<EngineOpener> openers;
    private final LongSupplier clock;
    private final Map<EngineSettings, EngineSlot> slots = new LinkedHashMap<>();

    EngineClients(List<EngineOpener> openers, LongSupplier clock) {
        this.openers = openers;
        this.clock = clock;
    }

    /**
     * The engine for these settings, opened if need be. Blocks until it is open; a task that is killed meanwhile stops
     * waiting.
     *
     * @throws EngineUnavailableException saying why there is none
     */
    public static EngineClient client(EngineSettings settings) {
        return OF_THIS_JVM.await(DeviceAssignment.applyTo(settings));
    }

    /** Begins to open an engine and returns at once; a failure shows when a task wants it. */
    public static void start(EngineSettings settings) {
        OF_THIS_JVM.slot(DeviceAssignment.applyTo(settings), null);
    }

    /** The engines that are open now, by model. */
    public static List<EngineClient> open() {
        return OF_THIS_JVM.openEngines();
    }

    /** Closes all engines of this JVM; one that is wanted later is opened anew. */
    public static void closeAll() {
        OF_THIS_JVM.close();
    }

    EngineClient await(EngineSettings settings) {
        TaskContext task = TaskContext.get();
        EngineSlot slot = slot(settings, task);
        while (true) {
            try {
                return slot.opened().get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException stillOpening) {
                if (task != null) {
                    task.killTaskIfInterrupted();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                if (task != null) {
                    task.killTaskIfInterrupted();
                }
                throw new EngineUnavailableException("interrupted while the engine was opened", e);
            } catch (ExecutionException e) {
                throw unavailable(settings, e.getCause() == null ? e : e.getCause());
            }
        }
    }

    private EngineSlot slot(EngineSettings settings, @Nullable TaskContext task) {
        EngineSlot slot;
        List<EngineSlot> unused = new ArrayList<>();
        boolean isNew = false;
        synchronized (slots) {
            EngineSlot found = slots.get(settings);
            if (found != null && found.isWorthless(clock.getAsLong(), FAILURE_MEMORY)) {
                slots.remove(settings);
                unused.add(found);
                noteAnotherAttempt(found);
                found = null;
            }
            if (found == null) {
                makeRoom(settings).ifPresent(unused::add);
                found = new EngineSlot(settings);
                slots.put(settings, found);
                isNew = true;
            }
            slot = found;
            slot.use(task, clock.getAsLong());
        }
        unused.forEach(EngineSlot::close);
        if (isNew) {
            slot.openWith(() -> opener(settings).open(settings), clock);
        }
        return slot;
    }

    private static void noteAnotherAttempt(EngineSlot before) {
        String model = before.settings().model();
        if (before.engine().isPresent()) {
            LOG.warn(
                    "the engine for {} lost a device: it is closed, and another is opened on the same devices for Spark's next"
                            + " attempts at its tasks. If this happens again, look after the device that the error above names;"
                            + " spark.excludeOnFailure.enabled=true keeps an executor that fails from getting the same tasks"
                            + " again",
                    model);
        } else {
            LOG.info("trying again to open the engine for {}, which failed a while ago", model);
        }
    }

    private EngineOpener opener(EngineSettings settings) {
        return openers.stream()
                .filter(opener -> opener.opens(settings))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("nothing opens an engine for " + settings.model()));
    }

    private static List<EngineOpener> installed() {
        List<EngineOpener> openers = new ArrayList<>();
        // The loader of this class, not the thread's: Spark loads user jars by a loader of its own.
        ServiceLoader.load(EngineOpener.class, EngineClients.class.getClassLoader())
                .forEach(openers::add);
        openers.add(new InProcessOpener());
        return openers;
    }

    /** Takes out the slot that is to be closed for another, if there are too many. */
    private Optional<EngineSlot> makeRoom(EngineSettings wanted) {
        if (slots.size() < MAX_ENGINES) {
            return Optional.empty();
        }
        EngineSlot oldest = slots.values().stream()
                .filter(EngineSlot::isIdle)
                .min(Comparator.comparingLong(EngineSlot::lastUse))
                .orElseThrow(() -> new EngineUnavailableException("no engine for model '" + wanted.model() + "': "
                        + MAX_ENGINES + " engines work in this JVM already ("
                        + String.join(
                                ", ",
                                slots.keySet().stream()
                                        .map(EngineSettings::model)
                                        .toList())
                        + "). Wait until the queries that use them end, or run them one after the other."));
        slots.remove(oldest.settings());
        LOG.info(
                "closing the engine for {} to make room for {}",
                oldest.settings().model(),
                wanted.model());
        return Optional.of(oldest);
    }

    private List<EngineClient> openEngines() {
        List<EngineClient> engines = new ArrayList<>();
        synchronized (slots) {
            slots.values().forEach(slot -> slot.engine().ifPresent(engines::add));
        }
        return engines;
    }

    void close() {
        List<EngineSlot> closing;
        synchronized (slots) {
            closing = new ArrayList<>(slots.values());
            slots.clear();
        }
        closing.forEach(EngineSlot::close);
    }

    private static EngineUnavailableException unavailable(EngineSettings settings, Throwable cause) {
        // A new one for each task: it carries the task's own stack.
        return new EngineUnavailableException(
                cause instanceof EngineUnavailableException
                        ? String.valueOf(cause.getMessage())
                        : "no engine for model '" + settings.model() + "': " + cause.getMessage(),
                cause);
    }
}
