package io.pangu.runtime.backend.cann;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Brings the routed experts of a layer to a device, the matrices of all of them one below the other. */
final class ExpertUploader {
    private final WeightUploader weights;

    ExpertUploader(WeightUploader weights) {
        this.weights = weights;
    }

    /**
     * Brings experts.
     *
     * @throws IllegalArgumentException when there are none, or they differ in shape or scheme
     * @throws EngineException {@code UNSUPPORTED_MODEL} when fixed steps of their inputs have offsets, or sums a bias
     */
    CannExperts experts(List<HostExpert> experts) {
        if (experts.isEmpty()) {
            throw new IllegalArgumentException("no experts");
        }
        List<List<HostLinear>> projections = new ArrayList<>(byRun(layers(experts, HostExpert::gateUp)));
        projections.add(layers(experts, HostExpert::down));
        HostLinear down = experts.get(0).down();
        RowFactors factors = new RowFactors(experts.size());
        List<CannLinear> brought = new ArrayList<>();
        List<CannBuffer> sent = new ArrayList<>();
        try {
            for (List<HostLinear> projection : projections) {
                brought.add(weights.matrix(projection, scaleType(), factors.steps(projection)));
            }
            int last = brought.size() - 1;
            return new CannExperts(
                    experts.size(),
                    down.outFeatures(),
                    down.inFeatures(),
                    brought.subList(0, last),
                    brought.get(last),
                    factors.count() == 0 ? null : weights.send(factors.table(), DType.F32, sent),
                    factors.count());
        } catch (RuntimeException e) {
            brought.forEach(CannLinear::close);
            sent.forEach(CannBuffer::close);
            throw e;
        }
    }

    /** Grouped products into bf16 take bf16 scales. */
    private DType scaleType() {
        return weights.floatType() == DType.BF16 ? DType.BF16 : DType.F32;
    }

    private static List<HostLinear> layers(List<HostExpert> experts, Function<HostExpert, HostLinear> part) {
        List<HostLinear> layers = experts.stream().map(part).toList();
        HostLinear first = layers.get(0);
        for (HostLinear layer : layers) {
            if (layer.inFeatures() != first.inFeatures()
                    || layer.outFeatures() != first.outFeatures()
                    || !layer.scheme().equals(first.scheme())
                    || layer.bias().isPresent()) {
                throw new IllegalArgumentException("experts differ in shape or scheme, or have biases");
            }
            layer.parts().forEach(ExpertUploader::requireSymmetric);
        }
        return layers;
    }

    /** Grouped products add no bias to int8, and an offset of the inputs would need one. */
    private static void requireSymmetric(HostMatrix part) {
        if (part.quantization().orElse(null) instanceof RowQuantization.Static fixed
                && (fixed.input().offset() != 0 || Arrays.stream(fixed.bias()).anyMatch(value -> value != 0))) {
            throw new EngineException(
                    ErrorCode.UNSUPPORTED_MODEL,
                    part.name() + " is of an expert whose inputs are quantised with an offset of "
                            + fixed.input().offset()
                            + ", or that has a bias; the products of experts on NPUs add neither: use backend cpu, or a"
                            + " checkpoint whose experts are symmetric",
                    Map.of("tensor", part.name()),
                    null);
        }
    }

    /** The layers of all experts, cut into parts where some expert wants different inputs for them: by part, then by expert. */
    private static List<List<HostLinear>> byRun(List<HostLinear> layers) {
        if (layers.stream().allMatch(layer -> layer.byInput().size() == 1)) {
            return List.of(layers);
        }
        return IntStream.range(0, layers.get(0).parts().size())
                .mapToObj(part -> layers.stream()
                        .map(layer ->
                                new HostLinear(List.of(layer.parts().get(part)), Optional.empty(), layer.scheme()))
                        .toList())
                .toList();
    }

    /** What rows are multiplied with before they are quantised, expert by expert, for projections in which those differ. */
    private static final class RowFactors {
        private final int numExperts;
        private final List<float[]> columns = new ArrayList<>();

        RowFactors(int numExperts) {
            this.numExperts = numExperts;
        }

        /** The steps of a projection; null where they are not fixed. */
        FixedSteps.@Nullable Wanted steps(List<HostLinear> projection) {
            if (!(projection.get(0).scheme() instanceof WeightScheme.W8A8Static)) {
                return null;
            }
            List<FixedSteps.Wanted> wanted = projection.stream()
                    .map(layer -> FixedSteps.Wanted.of(input(layer)))
                    .toList();
            if (wanted.stream().distinct().count() == 1) {
                return wanted.get(0);
            }
            float[] column = new float[numExperts];
            for (int expert = 0; expert < numExperts; expert++) {
                column[expert] = wanted.get(expert).factor();
            }
            columns.add(column);
            return FixedSteps.Wanted.byExpert(columns.size() - 1);
        }

        private static InputQuantization input(HostLinear layer) {
            return layer.input().orElseThrow();
        }

        int count() {
            return columns.size();
        }

        /** (numExperts, count). */
        float[] table() {
            float[] table = new float[numExperts * columns.size()];
            for (int i = 0; i < table.length; i++) {
                table[i] = columns.get(i % columns.size())[i / columns.size()];
            }
            return table;
        }
    }
}
