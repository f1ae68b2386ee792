package io.pangu.runtime.weights;

import java.util.Set;

/** Tensors by name. Thread-safe; the tensors it hands out live as long as it is open. */
public interface WeightSource extends AutoCloseable {
    /** Names of all tensors. */
    Set<String> names();

    /**
     * One tensor.
     *
     * @throws io.pangu.runtime.error.EngineException {@code INVALID_CHECKPOINT} when there is none of that name
     */
    HostTensor tensor(String name);

    /** How the tensors are stored that are not floats. */
    default QuantDescription quantization() {
        return QuantDescription.FLOAT;
    }

    /** Unmaps the files. */
    @Override
    void close();
}
