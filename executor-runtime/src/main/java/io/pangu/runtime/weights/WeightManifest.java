package io.pangu.runtime.weights;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors that a configuration implies, with their shapes, in the order of the model.
 *
 * @param required tensors that a checkpoint must have
 * @param optional tensors that it may have besides, for instance the head of a model that ties it to its embedding
 * @param dtypes the types that one of them may have, where these are not those of all
 */
public record WeightManifest(Map<String, Shape> required, Map<String, Shape> optional, Map<String, Set<DType>> dtypes) {
    /** The element types that float checkpoints use. */
    public static final Set<DType> FLOATS = Collections.unmodifiableSet(EnumSet.of(DType.BF16, DType.F16, DType.F32));

    /** How many tensors of each kind of fault a message names. */
    private static final int MAX_LISTED = 20;

    public WeightManifest {
        required = Collections.unmodifiableMap(new LinkedHashMap<>(required));
        optional = Collections.unmodifiableMap(new LinkedHashMap<>(optional));
        dtypes = Map.copyOf(dtypes);
    }

    /** Tensors that may all have the same types. */
    public WeightManifest(Map<String, Shape> required, Map<String, Shape> optional) {
        this(required, optional, Map.of());
    }

    /**
     * Checks that a checkpoint has exactly these tensors, with these shapes and of one of their types.
     *
     * @param checkpoint the checkpoint's name, for the message
     * @param common the types of tensors that have none of their own in {@link #dtypes}
     * @throws EngineException {@code INVALID_CHECKPOINT} listing everything that is missing, misshapen, of a wrong type or
     *     unknown
     */
    public void check(String checkpoint, Set<DType> common, WeightSource source) {
        Set<String> present = source.names();
        List<String> missing = required.keySet().stream()
                .filter(name -> !present.contains(name))
                .map(name -> "'" + name + "' " + required.get(name))
                .toList();
        List<String> extra = present.stream()
                .filter(name -> !required.containsKey(name) && !optional.containsKey(name))
                .map(name -> "'" + SafetensorsErrors.shortened(name) + "'")
                .toList();
        List<String> misshapen = new ArrayList<>();
        List<String> mistyped = new ArrayList<>();
        inspect(required, present, common, source, misshapen, mistyped);
        inspect(optional, present, common, source, misshapen, mistyped);

        List<String> faults = new ArrayList<>();
        addFault(faults, "", misshapen, "; ");
        addFault(faults, "", mistyped, "; ");
        addFault(faults, missing.size() + " tensors that config.json implies are missing: ", missing, ", ");
        addFault(faults, extra.size() + " tensors are not part of the model that config.json describes: ", extra, ", ");
        if (!faults.isEmpty()) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint '" + checkpoint + "': " + String.join("; ", faults)
                            + "; re-export the checkpoint or take the config.json "
                            + (source.quantization().isQuantized()
                                    ? "and the " + source.quantization().file() + " that belong to it"
                                    : "that belongs to it"),
                    Map.of("model", checkpoint),
                    null);
        }
    }

    private void inspect(
            Map<String, Shape> expected,
            Set<String> present,
            Set<DType> common,
            WeightSource source,
            List<String> misshapen,
            List<String> mistyped) {
        expected.forEach((name, shape) -> {
            if (!present.contains(name)) {
                return;
            }
            HostTensor tensor = source.tensor(name);
            if (!tensor.shape().equals(shape)) {
                misshapen.add(tensor.file() + ": tensor '" + name + "' has shape " + tensor.shape()
                        + ", config.json implies " + shape);
            }
            Set<DType> allowed = dtypes.getOrDefault(name, common);
            if (!allowed.contains(tensor.dtype())) {
                mistyped.add(tensor.file() + ": tensor '" + name + "' has type " + tensor.dtype()
                        + ", it must be one of " + allowed);
            }
        });
    }

    private static void addFault(List<String> faults, String heading, List<String> items, String separator) {
        if (items.isEmpty()) {
            return;
        }
        String more = items.size() > MAX_LISTED ? " and " + (items.size() - MAX_LISTED) + " more" : "";
        faults.add(heading + String.join(separator, items.subList(0, Math.min(MAX_LISTED, items.size()))) + more);
    }
}
