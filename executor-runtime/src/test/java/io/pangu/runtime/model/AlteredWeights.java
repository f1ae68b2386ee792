package io.pangu.runtime.model;

import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.weights.HostTensor;
import io.pangu.runtime.weights.QuantDescription;
import io.pangu.runtime.weights.QuantType;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import io.pangu.runtime.weights.WeightSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/** A checkpoint with some of its tensors taken away, added, given other extents, other content or another description. */
final class AlteredWeights implements WeightSource {
    private final WeightSource original;
    private final Map<String, HostTensor> tensors = new HashMap<>();
    private final Map<String, QuantType> types;
    private boolean isClosed;

    AlteredWeights(Path directory) {
        original = SafetensorsCheckpoint.open(directory);
        original.names().forEach(name -> tensors.put(name, original.tensor(name)));
        types = new HashMap<>(original.quantization().types());
    }

    AlteredWeights without(String name) {
        tensors.remove(name);
        return this;
    }

    /** Views a tensor under other extents of the same or a smaller size. */
    AlteredWeights reshaped(String name, long... extents) {
        HostTensor tensor = tensor(name);
        Shape shape = Shape.of(extents);
        tensors.put(
                name,
                new HostTensor(
                        name,
                        tensor.dtype(),
                        shape,
                        tensor.data()
                                .asSlice(0, shape.elements() * tensor.dtype().bytes()),
                        tensor.file()));
        return this;
    }

    /** Gives a tensor's content to another name, too. */
    AlteredWeights copied(String from, String to) {
        HostTensor tensor = tensor(from);
        tensors.put(to, new HostTensor(to, tensor.dtype(), tensor.shape(), tensor.data(), tensor.file()));
        return this;
    }

    /** Adds a tensor of another's shape and type, with its bytes complemented. */
    AlteredWeights garbled(String like, String name) {
        HostTensor tensor = tensor(like);
        byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ~bytes[i];
        }
        tensors.put(
                name,
                new HostTensor(name, tensor.dtype(), tensor.shape(), MemorySegment.ofArray(bytes), tensor.file()));
        return this;
    }

    /** Changes the bytes of a tensor. */
    AlteredWeights rewritten(String name, Consumer<byte[]> change) {
        HostTensor tensor = tensor(name);
        byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        change.accept(bytes);
        tensors.put(
                name,
                new HostTensor(name, tensor.dtype(), tensor.shape(), MemorySegment.ofArray(bytes), tensor.file()));
        return this;
    }

    /** Gives a tensor another type and other content of the same extents. */
    AlteredWeights filled(String name, DType dtype, MemorySegment content) {
        HostTensor tensor = tensor(name);
        tensors.put(name, new HostTensor(name, dtype, tensor.shape(), content, tensor.file()));
        return this;
    }

    /** Adds a tensor, in the file of another. */
    AlteredWeights added(String name, DType dtype, Shape shape, MemorySegment content) {
        String file = tensors.values().iterator().next().file();
        tensors.put(name, new HostTensor(name, dtype, shape, content, file));
        return this;
    }

    /** Describes a tensor as stored in another way. */
    AlteredWeights described(String name, QuantType type) {
        types.put(name, type);
        return this;
    }

    boolean isClosed() {
        return isClosed;
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public HostTensor tensor(String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    @Override
    public QuantDescription quantization() {
        QuantDescription description = original.quantization();
        Map<String, QuantType> quantized = new HashMap<>(types);
        quantized.values().removeIf(type -> type == QuantType.FLOAT);
        return new QuantDescription(description.file(), description.modelType(), quantized);
    }

    @Override
    public void close() {
        isClosed = true;
        original.close();
    }
}
