package io.pangu.spark.resource;

/**
 * An NPU under its two names.
 *
 * @param logicalId by which CANN's runtime knows it in this process, from 0 on: what Spark calls its address
 * @param number by which this machine knows it, that of its device node {@code /dev/davinci<number>}; in a container the
 *     machine's, where the node was not renamed
 */
public record Npu(int logicalId, int number) {
    @Override
    public String toString() {
        return logicalId == number ? "NPU " + number : "NPU " + number + " (address " + logicalId + ")";
    }
}
