package io.pangu.runtime.parallel;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a mesh says when it fails: which rank, in what, and what to do. */
final class MeshErrors {
    private MeshErrors() {}

    /** The ranks are somewhere, but not done. */
    static EngineException timedOut(String work, Duration limit) {
        return new EngineException(
                ErrorCode.DEVICE_LOST,
                work + " did not end within " + seconds(limit) + "; start a new engine, with a longer limit if this is"
                        + " what it takes",
                Map.of("work", work),
                null);
    }

    /** These ranks did not even come back when the others broke off. */
    static EngineException hung(List<RankThread> ranks, String work, Duration limit) {
        String named = ranks.stream().map(RankThread::description).collect(Collectors.joining(", "));
        return new EngineException(
                ErrorCode.DEVICE_LOST,
                named + " did not come back from " + work + " within " + seconds(limit)
                        + " and " + (ranks.size() == 1 ? "is" : "are")
                        + " given up; look after the device, then start a new engine",
                Map.of(
                        "work",
                        work,
                        "ranks",
                        ranks.stream()
                                .map(rank -> Integer.toString(rank.index()))
                                .collect(Collectors.joining(","))),
                null);
    }

    /** What was lost before is asked for again. */
    static EngineException lost(Throwable cause) {
        return new EngineException(
                ErrorCode.DEVICE_LOST,
                "the devices are unusable since one failed (" + cause.getMessage() + "); start a new engine",
                cause);
    }

    /** For messages: whole seconds, or milliseconds where it is less than ten. */
    private static String seconds(Duration limit) {
        return limit.toSeconds() < 10 ? limit.toMillis() + " ms" : limit.toSeconds() + " s";
    }
}
