package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.parallel.Part;
import io.pangu.runtime.parallel.ShardPlan;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.Tensor;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.WeightSource;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Carries a rank's part of a checkpoint's tensors to its device, one layer's worth at a time, fused and in the device's own
 * form. The schemes are those of float modules; what the checkpoint has quantised stays as it is.
 */
final class WeightPacker {
    private final WeightSource source;
    private final LinearModules modules;
    private final ShardPlan plan;
    private final Device device;
    private final DeviceTensors tensors;
    private final ResourceStack resources;
    private long sizeBytes;

    WeightPacker(WeightSource source, ShardPlan plan, Device device, DeviceTensors tensors, ResourceStack resources) {
        this.source = source;
        this.modules = new LinearModules(source);
        this.plan = plan;
        this.device = device;
        this.tensors = tensors;
        this.resources = resources;
    }

    /** Device memory of everything packed so far, in bytes. */
    long sizeBytes() {
        return sizeBytes;
    }

    /**
     * The rank's rows of the embedding table as the checkpoint stores them. Where they are not all, a row of zeros follows,
     * for tokens of other ranks: the sum over all ranks is then each token's embedding.
     */
    Tensor embedding(String name) {
        HostTensor host = source.tensor(name);
        Part rows = plan.vocabulary();
        long width = host.shape().dim(1);
        long rowBytes = width * host.dtype().bytes();
        int zeroRows = rows.count() < host.shape().dim(0) ? 1 : 0;
        Tensor table = tensors.allocate(host.dtype(), rows.count() + zeroRows, width);
        device.upload(
                host.data().asSlice(rows.first() * rowBytes, rows.count() * rowBytes), table.firstRows(rows.count()));
        if (zeroRows > 0) {
            device.upload(MemorySegment.ofArray(new byte[Math.toIntExact(rowBytes)]), table.rows(rows.count(), 1));
        }
        return counted(table);
    }

    /** All elements of a tensor as one F32 vector. */
    Tensor vector(String name) {
        float[] values = modules.floats(name);
        return counted(tensors.parameters(values, values.length));
    }

    /** The weights of a norm, in the activation type. */
    Tensor norm(String name) {
        float[] values = modules.floats(name);
        return counted(tensors.activations(values, values.length));
    }

    /** One matrix without a bias, whole. */
    LinearWeight matrix(String name, WeightScheme scheme) {
        return packed(unbiased(scheme, name));
    }

    /** The rank's rows of the output head. */
    LinearWeight head(String name, WeightScheme scheme) {
        return packed(unbiased(scheme, name)
                .rows(plan.vocabulary().first(), plan.vocabulary().count()));
    }

    /** Query, key and value projections of the rank's heads, stacked, with their biases. */
    LinearWeight attentionInput(int layer, WeightScheme scheme) {
        return packed(HostLinear.stacked(List.of(
                heads(hostBiased(CheckpointLayout.attention(layer, "q"), scheme), plan.queryHeads()),
                heads(hostBiased(CheckpointLayout.attention(layer, "k"), scheme), plan.kvHeads()),
                heads(hostBiased(CheckpointLayout.attention(layer, "v"), scheme), plan.kvHeads()))));
    }

    /** Output projection of the rank's heads; the bias is added by one rank. */
    LinearWeight attentionOutput(int layer, WeightScheme scheme) {
        int headDim = plan.config().headDim();
        Part heads = plan.queryHeads();
        HostLinear output = hostBiased(CheckpointLayout.attention(layer, "o"), scheme)
                .columns(heads.first() * headDim, heads.count() * headDim);
        return packed(onOneRankBiased(output));
    }

    /** Of the ranks that each multiply a slice of the columns, and whose results are summed, one has the bias. */
    private HostLinear onOneRankBiased(HostLinear columns) {
        return plan.addsOutputBias() ? columns : columns.withoutBias();
    }

    private HostLinear heads(HostLinear projection, Part heads) {
        int headDim = plan.config().headDim();
        return projection.rows(heads.first() * headDim, heads.count() * headDim);
    }

    /** Gate and up projection of the rank's columns of an MLP, stacked. */
    LinearWeight gateUp(String module, WeightScheme scheme) {
        HostLinear whole = hostGateUp(module, scheme);
        Part columns = plan.mlpColumns();
        int width = whole.outFeatures() / 2;
        return packed(HostLinear.stacked(List.of(
                whole.rows(columns.first(), columns.count()), whole.rows(width + columns.first(), columns.count()))));
    }

    /** Down projection of the rank's columns of an MLP. */
    LinearWeight down(String module, WeightScheme scheme) {
        Part columns = plan.mlpColumns();
        return packed(onOneRankBiased(hostDown(module, scheme).columns(columns.first(), columns.count())));
    }

    /** The rank's routed experts of one layer. */
    ExpertWeights experts(int layer, WeightScheme scheme) {
        List<HostExpert> experts = new ArrayList<>();
        for (int expert = plan.experts().first(); expert < plan.experts().end(); expert++) {
            String module = CheckpointLayout.expert(layer, expert);
            experts.add(new HostExpert(hostGateUp(module, scheme), hostDown(module, scheme)));
        }
        ExpertWeights packed = resources.own(device.packExperts(experts));
        sizeBytes += packed.sizeBytes();
        return packed;
    }

    private HostLinear hostBiased(String module, WeightScheme scheme) {
        String weight = module + ".weight";
        return new HostLinear(List.of(modules.matrix(weight)), modules.bias(weight), modules.scheme(weight, scheme));
    }

    private HostLinear hostGateUp(String module, WeightScheme scheme) {
        return unbiased(scheme, module + ".gate_proj.weight", module + ".up_proj.weight");
    }

    private HostLinear hostDown(String module, WeightScheme scheme) {
        return unbiased(scheme, module + ".down_proj.weight");
    }

    private HostLinear unbiased(WeightScheme scheme, String... weights) {
        List<HostMatrix> parts = Stream.of(weights).map(modules::matrix).toList();
        return new HostLinear(parts, Optional.empty(), modules.scheme(weights[0], scheme));
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
}
