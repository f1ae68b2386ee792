package io.pangu.runtime.backend.cann;

/**
 * What a device's operators have cost the host.
 *
 * @param launches operators put on the stream
 * @param plans of them, those that were planned
 * @param repeats of them, those whose executor was used again
 * @param replays steps that a graph has run
 */
record LaunchCounters(long launches, long plans, long repeats, long replays) {
    /** The same with a number of replays. */
    LaunchCounters withReplays(long number) {
        return new LaunchCounters(launches, plans, repeats, number);
    }

    /** What came since. */
    LaunchCounters since(LaunchCounters earlier) {
        return new LaunchCounters(
                launches - earlier.launches,
                plans - earlier.plans,
                repeats - earlier.repeats,
                replays - earlier.replays);
    }
}
