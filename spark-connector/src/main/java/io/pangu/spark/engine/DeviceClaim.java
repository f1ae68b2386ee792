package io.pangu.spark.engine;

import io.pangu.spark.resource.AssignedNpus;
import io.pangu.spark.resource.DeviceLocks;
import io.pangu.spark.resource.Npu;
import io.pangu.spark.resource.NpuEnvironment;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices that an engine has to itself, from before it is opened until after it is closed: checked against what this
 * process sees and locked against other processes. Empty on a backend whose devices processes share.
 *
 * @param settings what to open the engine with: with the devices by rank, or with none
 * @param npus the devices by rank; empty where there are none to name
 * @param locks what closing the claim gives back
 */
record DeviceClaim(EngineSettings settings, List<Npu> npus, AutoCloseable locks) implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceClaim.class);

    /** The claim of an engine that needs no device for itself. */
    static DeviceClaim none(EngineSettings settings) {
        // A backend may read addresses as something else than Spark's: as devices that it makes up itself.
        return new DeviceClaim(new EngineSettings(settings.model(), settings.options(), List.of()), List.of(), () -> {
            // Nothing was taken.
        });
    }

    /**
     * Claims what an engine with these settings takes. Where they name no devices, those are the first of this process.
     *
     * @throws io.pangu.spark.resource.ResourceException if they are not there or another process has one of them
     * @throws EngineUnavailableException if no engine spans so many
     */
    static DeviceClaim of(EngineSettings settings) {
        return BackendChoice.deviceUse(settings) == DeviceUse.EXCLUSIVE
                ? of(settings, NpuEnvironment.ofThisProcess())
                : none(settings);
    }

    static DeviceClaim of(EngineSettings settings, NpuEnvironment environment) {
        List<String> addresses = settings.deviceAddresses().isEmpty()
                ? IntStream.range(0, DeviceCount.wanted(settings))
                        .mapToObj(String::valueOf)
                        .toList()
                : settings.deviceAddresses();
        List<Npu> npus = AssignedNpus.of(addresses, environment);
        DeviceLocks.Claim locks = new DeviceLocks(environment).take(npus, owner());
        LOG.info("devices of the engine for {}, by rank: {}", settings.model(), npus);
        return new DeviceClaim(new EngineSettings(settings.model(), settings.options(), addresses), npus, locks);
    }

    /** What another process reads that wants the same device. */
    private static String owner() {
        SparkEnv env = SparkEnv.get();
        String who = env == null
                ? ""
                : ", executor " + env.executorId() + " of " + env.conf().get("spark.app.id", "an application");
        return "process " + ProcessHandle.current().pid() + who + " (since "
                + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ")";
    }

    /** Gives the devices back. Idempotent. */
    @Override
    public void close() {
        try {
            locks.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("while trying to give devices back", e);
        }
    }
}
