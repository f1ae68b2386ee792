package io.pangu.runtime.quant;

import java.util.List;
import java.util.Optional;

/**
 * A linear layer as the checkpoint stores it, ready to be packed: one or more matrices stacked by rows (a fused q, k, v or
 * gate, up), and an optional bias over all rows.
 *
 * @param parts stacked top to bottom; equal {@code cols}
 * @param bias one value per output feature, or empty
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
    }

    public int inFeatures() {
        return parts.get(0).cols();
    }

    public int outFeatures() {
        return parts.stream().mapToInt(HostMatrix::rows).sum();
    }
}
