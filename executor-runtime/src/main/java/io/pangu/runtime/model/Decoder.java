package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.parallel.ShardPlan;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The transformer as one rank runs it: embedding, layers, final norm of the wanted rows, on the rank's part of the weights;
 * what all ranks sum is the same on each afterwards. The residual stream and everything between operations is of the device's
 * activation type; nothing is rounded to the model's dtype. All memory is made once. Used by the rank's thread alone.
 */
final class Decoder {
    private final ShardPlan plan;
    private final ModelConfig config;
    private final Device device;
    private final DecoderWeights weights;
    private final @Nullable ExpertCounter counter;
    private final KvCache cache;
    private final StepInput input;
    private final Hidden hidden; // (maxRows, hidden)
    private final Hidden output; // (maxRows, hidden): the rows whose result is wanted
    private final Tensor outputRows; // (maxRows) I32
    private final OutputHead head;

    /**
     * Makes room for steps among {@code tensors}, whose owner closes them.
     *
     * @param counter where the layers' counts of tokens go, null for a dense model
     */
    Decoder(
            ShardPlan plan,
            Device device,
            ModelLimits limits,
            DecoderWeights weights,
            KvCache cache,
            @Nullable ExpertCounter counter,
            DeviceTensors tensors) {
        this.plan = plan;
        this.config = plan.config();
        this.device = device;
        this.weights = weights;
        this.cache = cache;
        this.counter = counter;
        RotaryTables rotary =
                RotaryTables.make(tensors, limits.maxContextLength(), config.headDim(), config.ropeTheta());
        this.input = new StepInput(device, plan.vocabulary(), limits, rotary, cache.blockSize(), tensors);
        this.hidden = Hidden.allocate(tensors, limits.maxBatchTokens(), config.hiddenSize());
        this.output = Hidden.allocate(tensors, limits.maxBatchTokens(), config.hiddenSize());
        this.outputRows = tensors.allocate(DType.I32, limits.maxBatchTokens());
        this.head = new OutputHead(device, weights.head(), plan.vocabulary(), limits, output.normed(), input, tensors);
    }

    KvCache cache() {
        return cache;
    }

    /** Runs a batch, which has been checked; the results are the same object after every step. */
    OutputHead forward(ForwardBatch batch, OutputPlacement placement) {
        head.begin(placement);
        Step step = input.upload(batch);
        Hidden rows = hidden.firstRows(batch.numRows());
        if (step.plan().hasOneRowEach()) {
            device.repeat(
                    new DecodeShape(batch.numRows(), step.plan().blockTable().rowElements()),
                    step.plan(),
                    () -> runLayers(step, rows));
        } else {
            runLayers(step, rows);
        }
        finish(placement, rows);
        device.synchronize();
        if (counter != null) {
            counter.count();
        }
        return head;
    }

    /** Adds the rank's columns to the counts of the whole model, (numLayers, numExperts); any thread. */
    void copyExpertCounts(long[][] target) {
        if (counter != null) {
            counter.copyTo(target, plan.experts().first());
        }
    }

    /**
     * All that a step of one row for each sequence depends on besides the values of its tensors.
     *
     * @param rows of the step
     * @param blocks entries of a row of the block table
     */
    private record DecodeShape(int rows, int blocks) {}

    private void runLayers(Step step, Hidden rows) {
        Kernels kernels = step.kernels();
        List<DecoderLayer> layers = weights.layers();
        float epsilon = config.rmsNormEpsilon();
        kernels.embed(weights.embedding(), step.tokenIds(), rows.residual());
        // A token's embedding is on one rank, zeros on the others.
        device.communicator().allReduce(rows.residual());
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
    private void finish(OutputPlacement placement, Hidden rows) {
        int[] order = placement.batchRows();
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
}
