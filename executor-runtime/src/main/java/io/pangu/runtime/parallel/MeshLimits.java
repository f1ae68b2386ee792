package io.pangu.runtime.parallel;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;

/**
 * How long the ranks of a mesh may take before they are given up. All are nets for what hangs, far beyond what work takes.
 *
 * @param open to open all devices and join them
 * @param load to bring a model onto them
 * @param step for anything else, a forward pass above all
 * @param stop to come back after another rank has failed, and to close
 */
public record MeshLimits(Duration open, Duration load, Duration step, Duration stop) {
    /** Five minutes to open, four hours to load, half an hour for a step, half a minute to stop. */
    public static final MeshLimits DEFAULT =
            new MeshLimits(Duration.ofMinutes(5), Duration.ofHours(4), Duration.ofMinutes(30), Duration.ofSeconds(30));

    public MeshLimits {
        requirePositive("open", open);
        requirePositive("load", load);
        requirePositive("step", step);
        requirePositive("stop", stop);
    }

    public MeshLimits withStep(Duration limit) {
        return new MeshLimits(open, load, limit, stop);
    }

    private static void requirePositive(String name, Duration limit) {
        if (!limit.isPositive()) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG, "the time limit '" + name + "' is " + limit + "; it must be positive");
        }
    }
}
