package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.util.List;

/**
 * The transformer on one device: embedding, layers, final norm of the wanted rows. The residual stream and everything
 * between operations is of the device's activation type; nothing is rounded to the model's dtype. All memory is made once.
 */
final class Decoder implements LanguageModel {
    private final ModelConfig config;
    private final Device device;
    private final ModelLimits limits;
    private final DecoderWeights weights;
    private final KvCache cache;
    private final ResourceStack resources;
    private final BatchCheck check;
    private final StepInput input;
    private final Hidden hidden; // (maxRows, hidden)
    private final Hidden output; // (maxRows, hidden): the rows whose result is wanted
    private final Tensor outputRows; // (maxRows) I32
    private final OutputHead head;

    /** Takes {@code resources} over, on success only: everything the decoder uses is among them. */
    Decoder(
            ModelConfig config,
            Device device,
            ModelLimits limits,
            DecoderWeights weights,
            KvCache cache,
            ResourceStack resources) {
        this.config = config;
        this.device = device;
        this.limits = limits;
        this.weights = weights;
        this.cache = cache;
        this.resources = resources;
        DeviceTensors tensors = new DeviceTensors(device, resources);
        RotaryTables rotary =
                RotaryTables.make(tensors, limits.maxContextLength(), config.headDim(), config.ropeTheta());
        this.check = new BatchCheck(config.vocabSize(), limits, cache);
        this.input = new StepInput(device, limits, rotary, cache.blockSize(), tensors);
        this.hidden = Hidden.allocate(tensors, limits.maxBatchTokens(), config.hiddenSize());
        this.output = Hidden.allocate(tensors, limits.maxBatchTokens(), config.hiddenSize());
        this.outputRows = tensors.allocate(DType.I32, limits.maxBatchTokens());
        this.head = new OutputHead(device, weights.head(), limits, output.normed(), input, tensors);
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public int blockSize() {
        return cache.blockSize();
    }

    @Override
    public int numBlocks() {
        return cache.numBlocks();
    }

    @Override
    public int maxBatchTokens() {
        return limits.maxBatchTokens();
    }

    @Override
    public ForwardOutput forward(ForwardBatch batch) {
        check.require(batch);
        Step step = input.upload(batch);
        Hidden rows = hidden.firstRows(batch.numRows());
        runLayers(step, rows);
        finish(batch, rows);
        device.synchronize();
        return head;
    }

    private void runLayers(Step step, Hidden rows) {
        Kernels kernels = step.kernels();
        List<DecoderLayer> layers = weights.layers();
        float epsilon = config.rmsNormEpsilon();
        kernels.embed(weights.embedding(), step.tokenIds(), rows.residual());
        kernels.rmsNorm(rows.residual(), layers.get(0).inputNorm(), epsilon, rows.normed());
        for (int layer = 0; layer < layers.size(); layer++) {
            if (layer > 0) {
                kernels.addRmsNorm(
                        rows.residual(), rows.branch(), layers.get(layer).inputNorm(), epsilon, rows.normed());
            }
            layers.get(layer).forward(step, cache.layers().get(layer), device.communicator(), rows, epsilon);
        }
    }

    /** Adds the last branch and norms, for the wanted rows alone. */
    private void finish(ForwardBatch batch, Hidden rows) {
        int[] order = head.place(batch);
        Hidden wanted = output.firstRows(order.length);
        if (order.length > 0) {
            Kernels kernels = device.kernels();
            Tensor index = input.uploaded(order, outputRows);
            kernels.gatherRows(rows.residual(), index, wanted.residual());
            kernels.gatherRows(rows.branch(), index, wanted.branch());
            kernels.addRmsNorm(
                    wanted.residual(), wanted.branch(), weights.finalNorm(), config.rmsNormEpsilon(), wanted.normed());
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
