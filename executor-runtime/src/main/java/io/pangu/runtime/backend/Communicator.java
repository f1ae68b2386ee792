package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.Tensor;

/**
 * Joins the devices of one engine. Every rank calls the same operations in the same order; a dead rank breaks all others
 * within a bounded time, it never makes them wait for ever.
 */
public interface Communicator {
    /** This device's place among the joined, from 0. */
    int rank();

    /** How many are joined, 1 for a device alone. */
    int size();

    /** Replaces the tensor by its sum over all ranks. */
    void allReduce(Tensor tensor);

    /** Lays all ranks' {@code part}s one after the other, in rank order, into {@code whole}. */
    void allGather(Tensor part, Tensor whole);

    /** A device alone: sums over one rank change nothing. */
    static Communicator solo() {
        return SoloCommunicator.INSTANCE;
    }
}
