package io.pangu.runtime.model;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.tensor.Tensor;

/**
 * One step's batch on the device.
 *
 * @param kernels the device's operations
 * @param tokenIds (n) I32: rows of the device's embedding table
 * @param slots (n) I32
 * @param cos (n, headDim) of the rows' positions
 * @param sin (n, headDim) of the rows' positions
 * @param plan which cached tokens each row attends to
 */
record Step(Kernels kernels, Tensor tokenIds, Tensor slots, Tensor cos, Tensor sin, AttentionPlan plan) {}
