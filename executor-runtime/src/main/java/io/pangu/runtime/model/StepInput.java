package io.pangu.runtime.model;

import io.pangu.runtime.backend.AttentionPlan;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.parallel.Part;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Carries the integers of a batch to the device, into memory made once. */
final class StepInput {
    /** Entries of a row of the block table are a multiple of so many: rows begin where a device can begin to read. */
    private static final int TABLE_MULTIPLE = 8;

    private final Device device;
    private final Part vocabulary;
    private final RotaryTables rotary;
    private final Tensor tokenIds; // (maxRows) I32
    private final Tensor positions; // (maxRows) I32
    private final Tensor slots; // (maxRows) I32
    private final Tensor cos; // (maxRows, headDim)
    private final Tensor sin; // (maxRows, headDim)
    private final Tensor blockTables; // (maxSequences * blocks of a full sequence) I32
    private final MemorySegment staging; // as large as the largest of the tensors
    private final int blockSize;

    /**
     * Room for steps.
     *
     * @param vocabulary the tokens whose embeddings the device has; all others are row {@code vocabulary.count()} of its table
     */
    StepInput(
            Device device,
            Part vocabulary,
            ModelLimits limits,
            RotaryTables rotary,
            int blockSize,
            DeviceTensors tensors) {
        this.device = device;
        this.vocabulary = vocabulary;
        this.rotary = rotary;
        this.blockSize = blockSize;
        this.tokenIds = tensors.allocate(DType.I32, limits.maxBatchTokens());
        this.positions = tensors.allocate(DType.I32, limits.maxBatchTokens());
        this.slots = tensors.allocate(DType.I32, limits.maxBatchTokens());
        int headDim = rotary.cos().rowElements();
        this.cos = tensors.activations(limits.maxBatchTokens(), headDim);
        this.sin = tensors.activations(limits.maxBatchTokens(), headDim);
        long blocksOfSequence = (limits.maxContextLength() + blockSize - 1L) / blockSize;
        this.blockTables =
                tensors.allocate(DType.I32, (long) limits.maxSequences() * roundUp(Math.toIntExact(blocksOfSequence)));
        long ints = Math.max(limits.maxBatchTokens(), blockTables.shape().elements());
        this.staging = Arena.ofAuto().allocate(ValueLayout.JAVA_INT, ints);
    }

    Step upload(ForwardBatch batch) {
        Tensor at = uploaded(batch.positions(), positions);
        return new Step(
                device.kernels(),
                uploaded(embeddingRows(batch.tokenIds()), tokenIds),
                uploaded(batch.slots(), slots),
                angles(rotary.cos(), at, cos),
                angles(rotary.sin(), at, sin),
                new AttentionPlan(batch.queryStarts(), batch.contextLengths(), blockTable(batch), blockSize));
    }

    /** Picked once for all layers. */
    private Tensor angles(Tensor table, Tensor at, Tensor target) {
        Tensor picked = target.firstRows(at.rows());
        device.kernels().gatherRows(table, at, picked);
        return picked;
    }

    private static int roundUp(int blocks) {
        return Math.ceilDiv(blocks, TABLE_MULTIPLE) * TABLE_MULTIPLE;
    }

    private int[] embeddingRows(int[] tokens) {
        int[] rows = new int[tokens.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = vocabulary.contains(tokens[i]) ? tokens[i] - vocabulary.first() : vocabulary.count();
        }
        return rows;
    }

    /** The first elements of an I32 tensor, filled with these values. */
    Tensor uploaded(int[] values, Tensor target) {
        Tensor view = target.firstRows(values.length);
        MemorySegment.copy(values, 0, staging, ValueLayout.JAVA_INT, 0, values.length);
        device.upload(staging.asSlice(0, view.sizeBytes()), view);
        return view;
    }

    private Tensor blockTable(ForwardBatch batch) {
        int seqs = batch.numSeqs();
        int longest = 0;
        for (int seq = 0; seq < seqs; seq++) {
            longest = Math.max(longest, blocks(batch, seq));
        }
        longest = roundUp(longest);
        for (int seq = 0; seq < seqs; seq++) {
            long row = (long) seq * longest * Integer.BYTES;
            int blocks = blocks(batch, seq);
            MemorySegment.copy(batch.blockTables()[seq], 0, staging, ValueLayout.JAVA_INT, row, blocks);
            // What lies beyond is not read; an id that no cache has would show if it were.
            staging.asSlice(row + (long) blocks * Integer.BYTES, (long) (longest - blocks) * Integer.BYTES)
                    .fill((byte) 0xFF);
        }
        Tensor view = new Tensor(blockTables.buffer(), blockTables.offsetBytes(), DType.I32, Shape.of(seqs, longest));
        device.upload(staging.asSlice(0, view.sizeBytes()), view);
        return view;
    }

    private int blocks(ForwardBatch batch, int seq) {
        return (batch.contextLengths()[seq] + blockSize - 1) / blockSize;
    }
}
