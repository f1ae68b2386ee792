package io.pangu.runtime.backend;

/** Whether a backend can run on this machine, and why not. */
public sealed interface Availability {
    /**
     * It can.
     *
     * @param numDevices how many devices it may open
     * @param summary what was found, for the log
     */
    record Available(int numDevices, String summary) implements Availability {}

    /**
     * It cannot.
     *
     * @param reason what is missing and how to mend it
     */
    record Unavailable(String reason) implements Availability {}
}
