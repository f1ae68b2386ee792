package io.pangu.runtime.model;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.tensor.Tensor;

/**
 * One step's batch on the device.
 *
 * @param kernels the device's operations
 * @param tokenIds (n) I32: rows of the device's embedding table
 * @param positions (n) I32
 * @param slots (n) I32
 * @param rotary angles of all positions
 * @param plan which cached tokens each row attends to
 */
record Step(
        Kernels kernels, Tensor tokenIds, Tensor positions, Tensor slots, RotaryTables rotary, AttentionPlan plan) {}
