package io.pangu.runtime.parallel;

/** One rank's part of what all ranks do together, without a result; run by the rank's thread. */
@FunctionalInterface
public interface RankAction {
    /** Does it. */
    void run(Rank rank);
}
