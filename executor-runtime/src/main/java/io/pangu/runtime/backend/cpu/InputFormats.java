package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.backend.cpu.math.BlockKernels.Steps;
import io.pangu.runtime.backend.cpu.math.PackedLayout;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.WeightScheme;
import java.lang.foreign.MemorySegment;

/**
 * Brings activations into the format that a weight scheme multiplies: padded, rounded to bf16, quantised by row or by fixed
 * steps.
 */
final class InputFormats {
    private static final MemorySegment NO_SCALES = MemorySegment.NULL;

    private final BlockKernels kernels;
    private final WorkerPool pool;
    private final Scratch values;
    private final Scratch scales;

    InputFormats(BlockKernels kernels, WorkerPool pool, CpuMemory memory) {
        this.kernels = kernels;
        this.pool = pool;
        this.values = new Scratch(memory);
        this.scales = new Scratch(memory);
    }

    /** How each row is quantised where that is fixed beforehand; asked for no other scheme. */
    @FunctionalInterface
    interface FixedInputs {
        InputQuantization of(int row);
    }

    /**
     * The rows in the scheme's format; valid until the next call.
     *
     * @param x (m, k) fp32
     */
    PackedMatrix.Inputs prepare(WeightScheme scheme, MemorySegment x, int m, int k, FixedInputs fixed) {
        int kPadded = PackedLayout.paddedInputs(k);
        int grain = pool.grain(m, k / 4 + 1);
        if (scheme instanceof WeightScheme.Float32 && k == kPadded) {
            return new PackedMatrix.Inputs(x, NO_SCALES);
        }
        MemorySegment out = values.bytes((long) m * kPadded * PackedMatrix.weightBytes(scheme));
        switch (scheme) {
            case WeightScheme.Float32 f ->
                pool.forRanges(m, grain, (from, end) -> {
                    for (int row = from; row < end; row++) {
                        MemorySegment target = row(out, row, kPadded * 4L);
                        target.asSlice(k * 4L).fill((byte) 0);
                        MemorySegment.copy(x, row * (k * 4L), target, 0, k * 4L);
                    }
                });
            case WeightScheme.Bf16 b ->
                pool.forRanges(m, grain, (from, end) -> {
                    for (int row = from; row < end; row++) {
                        MemorySegment target = row(out, row, kPadded * 2L);
                        target.asSlice(k * 2L).fill((byte) 0);
                        kernels.roundToBf16(row(x, row, k * 4L), target, k);
                    }
                });
            case WeightScheme.W8A8Dynamic d -> {
                MemorySegment scale = scales.floats(m);
                pool.forRanges(
                        m,
                        grain,
                        (from, end) -> kernels.quantizeRows(
                                x.asSlice(from * (k * 4L)),
                                end - from,
                                k,
                                out.asSlice((long) from * kPadded),
                                kPadded,
                                scale.asSlice(from * 4L)));
                return new PackedMatrix.Inputs(out, scale);
            }
            case WeightScheme.W8A8Static s -> {
                PackedMatrix.Inputs inputs = new PackedMatrix.Inputs(out, scales.floats(m));
                pool.forRanges(m, grain, (from, end) -> {
                    for (int row = from, next; row < end; row = next) {
                        next = endOfRun(fixed, row, end);
                        quantizeBy(fixed.of(row), x.asSlice(row * (k * 4L)), next - row, k, inputs.from(row, kPadded));
                    }
                });
                return inputs;
            }
        }
        return new PackedMatrix.Inputs(out, NO_SCALES);
    }

    /** The first row after {@code row} that is quantised in another way than it. */
    private static int endOfRun(FixedInputs fixed, int row, int end) {
        int next = row + 1;
        while (next < end && fixed.of(next).equals(fixed.of(row))) {
            next++;
        }
        return next;
    }

    private void quantizeBy(InputQuantization input, MemorySegment x, int m, int k, PackedMatrix.Inputs into) {
        Steps steps = new Steps(input.scale(), input.offset());
        kernels.quantizeRowsBy(x, m, k, steps, into.values(), PackedLayout.paddedInputs(k), into.scales());
    }

    private static MemorySegment row(MemorySegment rows, int row, long rowBytes) {
        return rows.asSlice(row * rowBytes, rowBytes);
    }
}
