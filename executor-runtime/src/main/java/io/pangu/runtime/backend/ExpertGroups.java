package io.pangu.runtime.backend;

/**
 * The expert groups that a device routes to: experts form {@code numGroups} groups of consecutive ids, of which the device
 * holds {@code count} from group {@code first} on.
 *
 * @param numGroups groups of the whole model
 * @param first the device's first group
 * @param count how many are the device's, at least one
 */
public record ExpertGroups(int numGroups, int first, int count) {
    public ExpertGroups {
        if (first < 0 || count < 1 || first > numGroups - count) {
            throw new IllegalArgumentException(
                    "groups " + first + " to " + (first + (long) count - 1) + " of " + numGroups);
        }
    }

    /** All groups on one device. */
    public static ExpertGroups all(int numGroups) {
        return new ExpertGroups(numGroups, 0, numGroups);
    }

    /**
     * Experts of one group.
     *
     * @throws IllegalArgumentException when the groups do not divide the experts
     */
    public int expertsPerGroup(int numExperts) {
        if (numExperts % numGroups != 0) {
            throw new IllegalArgumentException(numExperts + " experts in " + numGroups + " groups");
        }
        return numExperts / numGroups;
    }
}
