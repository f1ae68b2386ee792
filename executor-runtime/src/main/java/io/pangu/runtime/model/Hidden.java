package io.pangu.runtime.model;

import io.pangu.runtime.tensor.Tensor;

/**
 * The three vectors of every token between operations.
 *
 * @param residual (n, hidden) sum of the embedding and of all branches added so far
 * @param normed (n, hidden) the norm of the residual: a branch's input
 * @param branch (n, hidden) a branch's output, not yet added
 */
record Hidden(Tensor residual, Tensor normed, Tensor branch) {
    static Hidden allocate(DeviceTensors tensors, int rows, int width) {
        return new Hidden(
                tensors.activations(rows, width), tensors.activations(rows, width), tensors.activations(rows, width));
    }

    Hidden firstRows(int count) {
        return new Hidden(residual.firstRows(count), normed.firstRows(count), branch.firstRows(count));
    }
}
