package io.pangu.runtime.backend;

import io.pangu.runtime.tensor.Tensor;

/**
 * Joins the devices of one engine. Every rank calls the same operations with the same sizes in the same order, each from the
 * thread that drives its device; like kernels they may run asynchronously, in order with them. A rank that does not come, or
 * comes with another operation, breaks all others within a bounded time, it never makes them wait for ever.
 */
public interface Communicator {
    /** This device's place among the joined, from 0. */
    int rank();

    /** How many are joined, 1 for a device alone. */
    int size();

    /**
     * Replaces the tensor by its sum over all ranks, the same bits on each.
     *
     * @param tensor of the activation type, of one shape on all ranks
     */
    void allReduce(Tensor tensor);

    /**
     * Lays all ranks' {@code part}s one after the other, in rank order, into {@code whole}.
     *
     * @param part of any type, of one shape on all ranks
     * @param whole of that type, with {@link #size()} times as many elements
     */
    void allGather(Tensor part, Tensor whole);

    /** A device alone: sums over one rank change nothing. */
    static Communicator solo() {
        return SoloCommunicator.INSTANCE;
    }
}
