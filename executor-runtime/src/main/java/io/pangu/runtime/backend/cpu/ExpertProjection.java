package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One of the two projections of all routed experts of a layer. A view: whoever allocated the memory closes it.
 *
 * @param runs neighbouring outputs, from the first on: one run, unless some expert wants its input quantised in another way for
 *     some outputs than for others
 */
record ExpertProjection(List<Run> runs) {
    /**
     * Neighbouring outputs of all experts.
     *
     * @param experts one matrix for each expert, of equal shapes
     * @param firstColumn where the outputs begin in a row of results
     */
    record Run(List<PackedMatrix> experts, int firstColumn) {
        Run {
            experts = List.copyOf(experts);
        }
    }

    ExpertProjection {
        runs = List.copyOf(runs);
    }

    /** The layers of all experts, cut into runs: first by run, then by expert. */
    static List<List<HostLinear>> byRun(List<HostLinear> layers) {
        if (layers.stream().allMatch(layer -> layer.byInput().size() == 1)) {
            return List.of(layers);
        }
        int numParts = layers.get(0).parts().size();
        return IntStream.range(0, numParts)
                .mapToObj(part -> layers.stream()
                        .map(layer -> partOf(layer, layer.parts().get(part)))
                        .toList())
                .toList();
    }

    private static HostLinear partOf(HostLinear layer, HostMatrix part) {
        return new HostLinear(List.of(part), Optional.empty(), layer.scheme());
    }

    /** Bytes that the runs of {@link #byRun} take. */
    static long sizeBytes(List<List<HostLinear>> layersByRun) {
        return layersByRun.stream()
                .flatMap(List::stream)
                .mapToLong(PackedMatrix::sizeBytes)
                .sum();
    }

    /**
     * A projection without content yet.
     *
     * @param memory of {@link #sizeBytes}
     * @param packers gets who gives it its content
     */
    static ExpertProjection within(
            MemorySegment memory, List<List<HostLinear>> layersByRun, List<MatrixPacker> packers) {
        List<Run> runs = new ArrayList<>();
        long at = 0;
        int column = 0;
        for (List<HostLinear> layers : layersByRun) {
            List<PackedMatrix> experts = new ArrayList<>();
            for (HostLinear layer : layers) {
                long bytes = PackedMatrix.sizeBytes(layer);
                PackedMatrix matrix = PackedMatrix.within(memory.asSlice(at, bytes), layer);
                packers.add(new MatrixPacker(layer, matrix));
                experts.add(matrix);
                at += bytes;
            }
            runs.add(new Run(experts, column));
            column += experts.get(0).n();
        }
        return new ExpertProjection(runs);
    }

    int numExperts() {
        return runs.get(0).experts().size();
    }

    int inFeatures() {
        return runs.get(0).experts().get(0).k();
    }

    int outFeatures() {
        return runs.stream().mapToInt(run -> run.experts().get(0).n()).sum();
    }
}
