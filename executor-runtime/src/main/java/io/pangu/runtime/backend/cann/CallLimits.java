package io.pangu.runtime.backend.cann;

/**
 * How long a call into CANN may take before it is given up, by what it does. All are nets for what hangs, far beyond what calls
 * take.
 *
 * @param hostMillis what only describes: tensors, executors, arrays
 * @param deviceMillis what asks the runtime or a driver for something: memory, streams, devices, the plan of an operator, whose
 *     kernel may have to be loaded; to leave a communicator
 * @param queueMillis what is put on a stream, which may have to wait for room on it; beyond its own limit, a wait
 * @param joinMillis to join other ranks, which is what a first collective may still do
 */
record CallLimits(int hostMillis, int deviceMillis, int queueMillis, int joinMillis) {
    /** HCCL gives up joining after two minutes by itself. */
    static final CallLimits DEFAULT = new CallLimits(10_000, 60_000, 120_000, 180_000);

    CallLimits {
        if (hostMillis < 1 || deviceMillis < 1 || queueMillis < 1 || joinMillis < 1) {
            throw new IllegalArgumentException("limits of " + hostMillis + ", " + deviceMillis + ", " + queueMillis
                    + " and " + joinMillis + " ms");
        }
    }

    /** The same limit for every call. */
    static CallLimits all(int millis) {
        return new CallLimits(millis, millis, millis, millis);
    }

    int shortest() {
        return Math.min(Math.min(hostMillis, deviceMillis), Math.min(queueMillis, joinMillis));
    }

    /** The limit of a C function. */
    int of(String function) {
        if (function.startsWith("Hccl")) {
            return function.equals("HcclGetRootInfo") || function.equals("HcclCommDestroy") ? deviceMillis : joinMillis;
        }
        if (function.startsWith("aclnn")) {
            return function.endsWith("GetWorkspaceSize") ? deviceMillis : queueMillis;
        }
        if (function.endsWith("WithTimeout")) {
            return queueMillis + BoundedWait.LONGEST_SLICE_MILLIS;
        }
        if (function.startsWith("aclmdlRI") || function.endsWith("Async") || function.endsWith("Event")) {
            return queueMillis;
        }
        return isOnHost(function) ? hostMillis : deviceMillis;
    }

    private static boolean isOnHost(String function) {
        return !function.startsWith("aclrt")
                && (function.startsWith("aclCreate")
                        || function.startsWith("aclDestroy")
                        || function.startsWith("aclSet")
                        || function.startsWith("aclGet"));
    }
}
