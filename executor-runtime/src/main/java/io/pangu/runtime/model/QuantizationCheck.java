package io.pangu.runtime.model;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.weights.QuantDescription;
import io.pangu.runtime.weights.QuantType;
import io.pangu.runtime.weights.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.DoublePredicate;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Whether a quantised checkpoint is one that the decoder can run: what its description says, and what its scales hold. */
final class QuantizationCheck {
    /** How many faults of a kind a message tells. */
    private static final int MAX_LISTED = 20;

    private final String checkpoint;
    private final ModelConfig config;
    private final WeightSource source;
    private final QuantDescription description;
    private final List<String> faults = new ArrayList<>();

    QuantizationCheck(String checkpoint, ModelConfig config, WeightSource source) {
        this.checkpoint = checkpoint;
        this.config = config;
        this.source = source;
        this.description = source.quantization();
    }

    /**
     * Requires one type of modules that are multiplied as one (model-spec 5.1), and floats where the model computes with
     * floats.
     *
     * @throws EngineException {@code UNSUPPORTED_MODEL} naming the tensors
     */
    void requireReadableTypes() {
        if (!description.isQuantized()) {
            return;
        }
        requireFloat(CheckpointLayout.EMBEDDING);
        requireFloat(CheckpointLayout.FINAL_NORM);
        if (config.tiesEmbeddings()) {
            requireFloat(CheckpointLayout.HEAD);
        }
        for (int layer = 0; layer < config.numLayers(); layer++) {
            requireFloat(CheckpointLayout.inLayer(layer, CheckpointLayout.INPUT_NORM));
            requireFloat(CheckpointLayout.inLayer(layer, CheckpointLayout.POST_ATTENTION_NORM));
            requireOneType(
                    CheckpointLayout.attention(layer, "q"),
                    CheckpointLayout.attention(layer, "k"),
                    CheckpointLayout.attention(layer, "v"));
            switch (config.feedForward()) {
                case ModelConfig.Dense dense ->
                    requireOneGateUp(CheckpointLayout.inLayer(layer, CheckpointLayout.DENSE_MLP));
                case ModelConfig.GroupedExperts experts -> requireExperts(layer, experts.numExperts());
            }
        }
        fail(
                ErrorCode.UNSUPPORTED_MODEL,
                description.file(),
                "quantise the model again: leave as FLOAT what is read so, and give one type to what is multiplied as one");
    }

    private void requireExperts(int layer, int numExperts) {
        requireFloat(CheckpointLayout.inLayer(layer, CheckpointLayout.ROUTER));
        requireFloat(CheckpointLayout.inLayer(layer, CheckpointLayout.ROUTER_SCALE));
        requireOneGateUp(CheckpointLayout.inLayer(layer, CheckpointLayout.SHARED_EXPERT));
        IntFunction<String> module = expert -> CheckpointLayout.expert(layer, expert);
        requireOneType(IntStream.range(0, numExperts)
                .mapToObj(module)
                .flatMap(expert -> List.of(expert + ".gate_proj", expert + ".up_proj").stream())
                .toArray(String[]::new));
        requireOneType(IntStream.range(0, numExperts)
                .mapToObj(module)
                .map(expert -> expert + ".down_proj")
                .toArray(String[]::new));
    }

    private void requireOneGateUp(String module) {
        requireOneType(module + ".gate_proj", module + ".up_proj");
    }

    private void requireFloat(String tensor) {
        if (description.typeOf(tensor) != QuantType.FLOAT) {
            faults.add("'" + tensor + "' is " + description.typeOf(tensor) + ", this engine reads it as FLOAT only");
        }
    }

    private void requireOneType(String... modules) {
        QuantType first = description.typeOf(modules[0] + ".weight");
        List<String> others = new ArrayList<>();
        for (String module : modules) {
            QuantType type = description.typeOf(module + ".weight");
            if (type != first) {
                others.add("'" + module + ".weight' is " + type);
            }
        }
        if (!others.isEmpty()) {
            faults.add("'" + modules[0] + ".weight' is " + first + ", but " + listed(others, ", ")
                    + ", and these are multiplied as one");
        }
    }

    /**
     * Requires scales that are numbers, and weights without an offset. Tensors must be those of the manifest.
     *
     * @throws EngineException {@code UNSUPPORTED_MODEL} for asymmetric weights, else {@code INVALID_CHECKPOINT}, naming
     *     every tensor with its first wrong value
     */
    void requireReadableValues() {
        if (!description.isQuantized()) {
            return;
        }
        LinearModules modules = new LinearModules(source);
        List<String> names = new ArrayList<>(new TreeSet<>(source.names()));
        for (String name : names) {
            if (name.endsWith(".weight_scale")) {
                require(name, modules.floats(name), value -> value >= 0 && value <= Float.MAX_VALUE, "a scale");
            } else if (name.endsWith(".deq_scale")) {
                require(name, modules.scales(name), value -> value >= 0 && value <= Float.MAX_VALUE, "a scale");
            } else if (name.endsWith(".input_scale")) {
                require(name, modules.floats(name), value -> value > 0 && value <= Float.MAX_VALUE, "a positive scale");
            } else if (name.endsWith(".input_offset")) {
                require(name, modules.floats(name), value -> Math.abs(value) <= Float.MAX_VALUE, "an offset");
            }
        }
        fail(ErrorCode.INVALID_CHECKPOINT, "checkpoint '" + checkpoint + "'", "quantise the model again");
        for (String name : names) {
            if (name.endsWith(".weight_offset")) {
                require(name, modules.floats(name), value -> value == 0, "the zero of symmetric weights");
            }
        }
        fail(
                ErrorCode.UNSUPPORTED_MODEL,
                "checkpoint '" + checkpoint + "'",
                "this engine runs symmetric weights only: quantise the model so, or take the float checkpoint");
    }

    private void require(String name, float[] values, DoublePredicate isRight, String what) {
        for (int i = 0; i < values.length; i++) {
            if (!isRight.test(values[i])) {
                faults.add(source.tensor(name).file() + ": tensor '" + name + "' holds " + values[i] + " at " + i
                        + ", which is not " + what);
                return;
            }
        }
    }

    private void fail(ErrorCode code, String subject, String remedy) {
        if (!faults.isEmpty()) {
            throw new EngineException(
                    code, subject + ": " + listed(faults, "; ") + "; " + remedy, Map.of("model", checkpoint), null);
        }
    }

    private static String listed(List<String> items, String separator) {
        String more = items.size() > MAX_LISTED ? " and " + (items.size() - MAX_LISTED) + " more" : "";
        return String.join(separator, items.subList(0, Math.min(MAX_LISTED, items.size()))) + more;
    }
}
