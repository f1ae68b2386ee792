package io.pangu.runtime.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A linear layer as the checkpoint stores it, ready to be packed: one or more matrices stacked by rows (a fused q, k, v or
 * gate, up), and an optional bias over all rows.
 *
 * @param parts stacked top to bottom; equal {@code cols}; with the quantisation that the scheme wants, see {@link WeightScheme}
 * @param bias one value per output feature, or empty; always empty for {@link WeightScheme.W8A8Static}, whose parts have
 *     theirs among the integers
 * @param scheme how the device shall hold it
 */
public record HostLinear(List<HostMatrix> parts, Optional<float[]> bias, WeightScheme scheme) {
    public HostLinear {
        parts = List.copyOf(parts);
        if (parts.stream().map(HostMatrix::cols).distinct().count() != 1) {
            throw new IllegalArgumentException("parts of a linear layer must have equal columns: " + parts);
        }
        int rows = parts.stream().mapToInt(HostMatrix::rows).sum();
        if (bias.isPresent() && bias.get().length != rows) {
            throw new IllegalArgumentException("bias of " + bias.get().length + " for " + rows + " rows");
        }
        if (bias.isPresent() && scheme instanceof WeightScheme.W8A8Static) {
            throw new IllegalArgumentException("a float bias beside the integer one of " + parts);
        }
        for (HostMatrix part : parts) {
            if (!isFor(scheme, part.quantization())) {
                throw new IllegalArgumentException(scheme + " cannot hold " + part);
            }
        }
    }

    private static boolean isFor(WeightScheme scheme, Optional<RowQuantization> stored) {
        return switch (scheme) {
            case WeightScheme.Float32 f -> stored.isEmpty();
            case WeightScheme.Bf16 b -> stored.isEmpty();
            case WeightScheme.W8A8Dynamic d -> stored.isEmpty() || stored.get() instanceof RowQuantization.Dynamic;
            case WeightScheme.W8A8Static s -> stored.isPresent() && stored.get() instanceof RowQuantization.Static;
        };
    }

    /**
     * The layer without its bias: what all but one hold of the devices that each multiply a slice of the columns and add up
     * what comes out.
     */
    public HostLinear withoutBias() {
        List<HostMatrix> without = parts.stream()
                .map(part -> part.quantization()
                        .map(stored -> part.with(stored.withoutBias()))
                        .orElse(part))
                .toList();
        return new HostLinear(without, Optional.empty(), scheme);
    }

    /**
     * Runs of parts that want their input in one form, as layers to be computed one by one: the layer itself unless fixed
     * quantisations of the input differ.
     */
    public List<HostLinear> byInput() {
        if (!(scheme instanceof WeightScheme.W8A8Static)) {
            return List.of(this);
        }
        List<HostLinear> runs = new ArrayList<>();
        int from = 0;
        for (int end = 1; end <= parts.size(); end++) {
            if (end == parts.size() || !input(parts.get(end)).equals(input(parts.get(from)))) {
                runs.add(new HostLinear(parts.subList(from, end), Optional.empty(), scheme));
                from = end;
            }
        }
        return runs;
    }

    /** The fixed quantisation that all parts want of their input; empty when it is not fixed or not one. */
    public Optional<InputQuantization> input() {
        List<Optional<InputQuantization>> wanted =
                parts.stream().map(HostLinear::input).distinct().toList();
        return wanted.size() == 1 ? wanted.get(0) : Optional.empty();
    }

    private static Optional<InputQuantization> input(HostMatrix part) {
        return part.quantization().isPresent() && part.quantization().get() instanceof RowQuantization.Static fixed
                ? Optional.of(fixed.input())
                : Optional.empty();
    }

    /**
     * Layers over the same input, one below the other.
     *
     * @throws IllegalArgumentException when some have a bias and others none, or when their schemes differ
     */
    public static HostLinear stacked(List<HostLinear> layers) {
        HostLinear first = layers.get(0);
        List<HostMatrix> parts = new ArrayList<>();
        int rows = 0;
        for (HostLinear layer : layers) {
            if (layer.bias.isPresent() != first.bias.isPresent() || !layer.scheme.equals(first.scheme)) {
                throw new IllegalArgumentException("layers differ in bias or scheme: " + layers);
            }
            parts.addAll(layer.parts);
            rows += layer.outFeatures();
        }
        if (first.bias.isEmpty()) {
            return new HostLinear(parts, Optional.empty(), first.scheme);
        }
        float[] all = new float[rows];
        int at = 0;
        for (HostLinear layer : layers) {
            float[] bias = layer.bias.orElseThrow();
            System.arraycopy(bias, 0, all, at, bias.length);
            at += bias.length;
        }
        return new HostLinear(parts, Optional.of(all), first.scheme);
    }

    /** Output features {@code from} to {@code from + count}, at least one, with their biases. */
    public HostLinear rows(int from, int count) {
        if (from < 0 || count < 1 || from + (long) count > outFeatures()) {
            throw new IllegalArgumentException("rows " + from + " + " + count + " of " + outFeatures());
        }
        List<HostMatrix> cut = new ArrayList<>();
        int first = 0;
        for (HostMatrix part : parts) {
            int start = Math.max(from, first);
            int end = Math.min(from + count, first + part.rows());
            if (start < end) {
                cut.add(part.rows(start - first, end - start));
            }
            first += part.rows();
        }
        return new HostLinear(cut, bias.map(all -> Arrays.copyOfRange(all, from, from + count)), scheme);
    }

    /**
     * Input features {@code from} to {@code from + count}. The bias stays whole: of slices whose results are summed one keeps
     * it.
     */
    public HostLinear columns(int from, int count) {
        return new HostLinear(
                parts.stream().map(part -> part.columns(from, count)).toList(), bias, scheme);
    }

    public int inFeatures() {
        return parts.get(0).cols();
    }

    public int outFeatures() {
        return parts.stream().mapToInt(HostMatrix::rows).sum();
    }
}
