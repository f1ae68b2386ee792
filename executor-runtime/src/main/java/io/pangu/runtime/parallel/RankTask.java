package io.pangu.runtime.parallel;

/** One rank's part of what all ranks do together; run by the rank's thread. */
@FunctionalInterface
public interface RankTask<T> {
    /** Does it and gives the rank's result. */
    T run(Rank rank);
}
