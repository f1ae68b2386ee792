package io.pangu.runtime.model;

import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;

/**
 * Mixture of grouped experts: the shared expert plus one routed expert of each of the device's groups; model-spec 3.1.
 *
 * @param router hidden to one logit per expert of the whole model, in fp32
 * @param routerScale (numExperts) F32
 * @param groups the device's groups
 * @param routed their experts
 * @param shared the device's columns of the shared expert
 * @param rowsPerExpert (experts of the groups) I32: tokens of the latest step that each computed in this layer
 * @param scratch shared by all layers
 */
record GroupedExpertsBlock(
        LinearWeight router,
        Tensor routerScale,
        ExpertGroups groups,
        ExpertWeights routed,
        GatedMlp shared,
        Tensor rowsPerExpert,
        Scratch scratch)
        implements FeedForwardBlock {

    /**
     * Room for one step.
     *
     * @param logits (maxRows, numExperts)
     * @param expertIds (maxRows, groups of the device) I32
     * @param expertWeights (maxRows, groups of the device) F32
     */
    record Scratch(Tensor logits, Tensor expertIds, Tensor expertWeights) {
        static Scratch allocate(DeviceTensors tensors, int rows, int numExperts, int numGroups) {
            return new Scratch(
                    tensors.activations(rows, numExperts),
                    tensors.allocate(DType.I32, rows, numGroups),
                    tensors.allocate(DType.F32, rows, numGroups));
        }
    }

    @Override
    public void forward(Kernels kernels, Tensor x, Tensor out) {
        Tensor logits = scratch.logits().firstRows(x.rows());
        Tensor expertIds = scratch.expertIds().firstRows(x.rows());
        Tensor expertWeights = scratch.expertWeights().firstRows(x.rows());
        kernels.linear(x, router, logits);
        kernels.routeGrouped(logits, routerScale, groups, expertIds, expertWeights);
        shared.forward(kernels, x, out);
        kernels.addGroupedExperts(x, routed, expertIds, expertWeights, rowsPerExpert, out);
    }
}
