package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.Tensor;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Carries tensors of a checkpoint to a device, one layer's worth at a time, fused and in the device's own form. */
final class WeightPacker {
    private final WeightSource source;
    private final Device device;
    private final DeviceTensors tensors;
    private final ResourceStack resources;
    private long sizeBytes;

    WeightPacker(WeightSource source, Device device, DeviceTensors tensors, ResourceStack resources) {
        this.source = source;
        this.device = device;
        this.tensors = tensors;
        this.resources = resources;
    }

    /** Device memory of everything packed so far, in bytes. */
    long sizeBytes() {
        return sizeBytes;
    }

    /** A matrix as the checkpoint stores it, to look rows up in. */
    Tensor table(String name) {
        HostTensor host = source.tensor(name);
        return counted(tensors.uploaded(host.data(), host.dtype(), host.shape()));
    }

    /** All elements of a tensor as one F32 vector. */
    Tensor vector(String name) {
        float[] values = floats(name);
        return counted(tensors.parameters(values, values.length));
    }

    /** One matrix without a bias. */
    LinearWeight matrix(String name, WeightScheme scheme) {
        return packed(new HostLinear(List.of(HostMatrix.of(source.tensor(name))), Optional.empty(), scheme));
    }

    /** Linear modules over the same input, stacked in this order, with their biases. */
    LinearWeight biased(WeightScheme scheme, String... modules) {
        List<HostMatrix> parts = new ArrayList<>();
        List<float[]> biases = new ArrayList<>();
        for (String module : modules) {
            parts.add(HostMatrix.of(source.tensor(module + ".weight")));
            biases.add(floats(module + ".bias"));
        }
        return packed(new HostLinear(parts, Optional.of(joined(biases)), scheme));
    }

    /** Gate and up projection of an MLP, stacked. */
    LinearWeight gateUp(String module, WeightScheme scheme) {
        return packed(hostGateUp(module, scheme));
    }

    /** Down projection of an MLP. */
    LinearWeight down(String module, WeightScheme scheme) {
        return packed(hostDown(module, scheme));
    }

    /** The routed experts of one layer. */
    ExpertWeights experts(int layer, int numExperts, WeightScheme scheme) {
        List<HostExpert> experts = new ArrayList<>();
        for (int expert = 0; expert < numExperts; expert++) {
            String module = CheckpointLayout.expert(layer, expert);
            experts.add(new HostExpert(hostGateUp(module, scheme), hostDown(module, scheme)));
        }
        ExpertWeights packed = resources.own(device.packExperts(experts));
        sizeBytes += packed.sizeBytes();
        return packed;
    }

    private HostLinear hostGateUp(String module, WeightScheme scheme) {
        HostMatrix gate = HostMatrix.of(source.tensor(module + ".gate_proj.weight"));
        HostMatrix up = HostMatrix.of(source.tensor(module + ".up_proj.weight"));
        return new HostLinear(List.of(gate, up), Optional.empty(), scheme);
    }

    private HostLinear hostDown(String module, WeightScheme scheme) {
        HostMatrix down = HostMatrix.of(source.tensor(module + ".down_proj.weight"));
        return new HostLinear(List.of(down), Optional.empty(), scheme);
    }

    private LinearWeight packed(HostLinear linear) {
        LinearWeight packed = resources.own(device.pack(linear));
        sizeBytes += packed.sizeBytes();
        return packed;
    }

    private Tensor counted(Tensor tensor) {
        sizeBytes += tensor.sizeBytes();
        return tensor;
    }

    private float[] floats(String name) {
        HostMatrix matrix = HostMatrix.of(source.tensor(name));
        List<float[]> rows = new ArrayList<>();
        for (int row = 0; row < matrix.rows(); row++) {
            float[] values = new float[matrix.cols()];
            matrix.readRow(row, values);
            rows.add(values);
        }
        return joined(rows);
    }

    private static float[] joined(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
