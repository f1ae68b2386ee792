package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.ExpertWeights;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The routed experts of one layer on a device.
 *
 * @param gateUp all experts' gate and up, rows of one after the other's: one matrix, or one for the gates and one for the ups
 *     where some expert wants its input quantised differently for them
 * @param down all experts' down, likewise
 * @param rowFactors (numExperts, {@code numFactors}) fp32, what rows of each expert are multiplied with before they are
 *     quantised; null where all experts quantise alike
 */
record CannExperts(
        int numExperts,
        int hiddenSize,
        int intermediateSize,
        List<CannLinear> gateUp,
        CannLinear down,
        @Nullable CannBuffer rowFactors,
        int numFactors)
        implements ExpertWeights {
    CannExperts {
        gateUp = List.copyOf(gateUp);
    }

    /** The row factors as a tensor; null where there are none. */
    @Nullable
    CannTensor factors() {
        return rowFactors == null
                ? null
                : CannTensor.dense(AclDataType.FLOAT32, rowFactors.address(), numExperts, numFactors);
    }

    @Override
    public long sizeBytes() {
        return gateUp.stream().mapToLong(CannLinear::sizeBytes).sum()
                + down.sizeBytes()
                + (rowFactors == null ? 0 : rowFactors.sizeBytes());
    }

    @Override
    public void close() {
        gateUp.forEach(CannLinear::close);
        down.close();
        if (rowFactors != null) {
            rowFactors.close();
        }
    }
}
