package io.pangu.runtime.model;

import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;

/**
 * Mixture of grouped experts: the shared expert plus one routed expert of each group; model-spec 3.1.
 *
 * @param router hidden to one logit per expert, in fp32
 * @param routerScale (numExperts) F32
 * @param routed the routed experts
 * @param shared the shared expert
 * @param scratch shared by all layers
 */
record GroupedExpertsBlock(
        LinearWeight router, Tensor routerScale, ExpertWeights routed, GatedMlp shared, Scratch scratch)
        implements FeedForwardBlock {

    /**
     * Room for one step.
     *
     * @param logits (maxRows, numExperts)
     * @param expertIds (maxRows, numGroups) I32
     * @param expertWeights (maxRows, numGroups) F32
     * @param rowsPerExpert (numExperts) I32
     */
    record Scratch(Tensor logits, Tensor expertIds, Tensor expertWeights, Tensor rowsPerExpert) {
        static Scratch allocate(DeviceTensors tensors, int rows, int numExperts, int numGroups) {
            return new Scratch(
                    tensors.activations(rows, numExperts),
                    tensors.allocate(DType.I32, rows, numGroups),
                    tensors.allocate(DType.F32, rows, numGroups),
                    tensors.allocate(DType.I32, numExperts));
        }

        ExpertGroups groups() {
            return ExpertGroups.all(expertIds.rowElements());
        }
    }

    @Override
    public void forward(Kernels kernels, Tensor x, Tensor out) {
        Tensor logits = scratch.logits().firstRows(x.rows());
        Tensor expertIds = scratch.expertIds().firstRows(x.rows());
        Tensor expertWeights = scratch.expertWeights().firstRows(x.rows());
        kernels.linear(x, router, logits);
        kernels.routeGrouped(logits, routerScale, scratch.groups(), expertIds, expertWeights);
        shared.forward(kernels, x, out);
        kernels.addGroupedExperts(x, routed, expertIds, expertWeights, scratch.rowsPerExpert(), out);
    }
}
