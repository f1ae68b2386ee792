package io.pangu.spark.engine;

/** How the backend of an engine shares its devices with other processes. */
enum DeviceUse {
    /** Each serves one process at a time and has an address by which Spark assigns it, as NPUs. */
    EXCLUSIVE,
    /** Processes share them, as processors. */
    SHARED,
    /** No backend can run here; opening an engine will say why. */
    UNKNOWN
}
