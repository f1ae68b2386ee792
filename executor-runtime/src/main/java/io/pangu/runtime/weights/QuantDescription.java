package io.pangu.runtime.weights;

import java.util.Map;

/**
 * What Ascend's quantiser says of a checkpoint: how each tensor is stored (model-spec 5.1).
 *
 * @param file the file that says it, for messages
 * @param modelType the quantiser's word for the whole, for instance {@code W8A8}
 * @param types the tensors that are not {@code FLOAT}; those of a module are described together with its weight
 */
public record QuantDescription(String file, String modelType, Map<String, QuantType> types) {
    /** Of a checkpoint that was never quantised. */
    public static final QuantDescription FLOAT = new QuantDescription("config.json", "FLOAT", Map.of());

    public QuantDescription {
        types = Map.copyOf(types);
    }

    /** How a tensor is stored; one that is not named is a float. */
    public QuantType typeOf(String tensor) {
        return types.getOrDefault(tensor, QuantType.FLOAT);
    }

    /** Whether any tensor is quantised. */
    public boolean isQuantized() {
        return !types.isEmpty();
    }
}
