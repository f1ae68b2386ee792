package io.pangu.runtime.model;

import io.pangu.runtime.backend.LinearWeight;
import io.pangu.runtime.tensor.Tensor;
import java.util.List;

/**
 * Everything of a model that lives on one device before a step begins.
 *
 * @param embedding rows of the device's part of the vocabulary as stored, and where that is not all a row of zeros
 * @param layers first to last
 * @param finalNorm (hidden)
 * @param head hidden to the device's part of the vocabulary
 */
record DecoderWeights(Tensor embedding, List<DecoderLayer> layers, Tensor finalNorm, LinearWeight head) {
    DecoderWeights {
        layers = List.copyOf(layers);
    }
}
