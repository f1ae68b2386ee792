package io.pangu.runtime.model;

import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.Tensor;
import java.util.List;

/**
 * Everything of a model that lives on the device before a step begins.
 *
 * @param embedding (vocab, hidden) as stored
 * @param layers first to last
 * @param finalNorm (hidden) F32
 * @param head hidden to vocabulary
 */
record DecoderWeights(Tensor embedding, List<DecoderLayer> layers, Tensor finalNorm, LinearWeight head) {
    DecoderWeights {
        layers = List.copyOf(layers);
    }
}
