package io.pangu.runtime.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.pangu.runtime.config.ModelConfig.Architecture;
import io.pangu.runtime.config.ModelConfig.Dense;
import io.pangu.runtime.config.ModelConfig.FeedForward;
import io.pangu.runtime.config.ModelConfig.GroupedExperts;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads {@code config.json} and {@code generation_config.json} into a {@link ModelConfig}. Every missing, ill-typed or
 * contradicting key of both files stands in one error. model-spec 1 and 6.
 *
 * <p>The stop ids are those that the two files name. Pangu's end of turn {@code [unused10]} (45892 in the published
 * vocabulary) ends a generation whether or not they name it, but only the tokenizer knows its id: whoever joins config
 * and tokenizer adds it.
 */
public final class ModelConfigReader {
    /** Largest width, count or vocabulary that is believed: products of two still fit into a long with room to spare. */
    private static final int MAX_EXTENT = 1 << 24;

    private static final int MAX_LAYERS = 1 << 12;
    private static final int MAX_POSITIONS = 1 << 30;

    /** Keys of model variants whose mathematics differs from ours, and what each stands for. */
    private static final Map<String, String> FOREIGN_KEYS = Map.of(
            "rope_scaling", "scaled rotary positions",
            "sliding_window", "sliding-window attention",
            "sliding_window_list", "sliding-window attention",
            "param_sink_number", "learned attention sinks",
            "qk_rope_dim", "partial rotary positions",
            "partial_rotary_factor", "partial rotary positions",
            "sandwich_norm", "sandwich norms",
            "mlp_only_layers", "layers without experts",
            "quantization_config", "a quantised checkpoint",
            "quantize", "a quantised checkpoint");

    private final JsonObjectFile config;
    private final Optional<JsonObjectFile> generation;
    private final List<String> problems;

    private ModelConfigReader(JsonObjectFile config, Optional<JsonObjectFile> generation, List<String> problems) {
        this.config = config;
        this.generation = generation;
        this.problems = problems;
    }

    /**
     * Reads a checkpoint's configuration.
     *
     * @throws EngineException {@code UNSUPPORTED_MODEL} for an architecture or variant that this engine does not run,
     *     {@code INVALID_CHECKPOINT} for files that are damaged or contradict themselves
     */
    public static ModelConfig read(ModelDirectory directory) {
        List<String> problems = new ArrayList<>();
        JsonObjectFile config = JsonObjectFile.read(directory.configFile(), problems);
        Optional<JsonObjectFile> generation = Files.isRegularFile(directory.generationConfigFile())
                ? Optional.of(JsonObjectFile.read(directory.generationConfigFile(), problems))
                : Optional.empty();
        return new ModelConfigReader(config, generation, problems).read();
    }

    private ModelConfig read() {
        Architecture architecture = architecture();
        refuseForeignVariants();
        int vocabSize = config.positive("vocab_size", MAX_EXTENT);
        int hiddenSize = config.positive("hidden_size", MAX_EXTENT);
        int numHeads = config.positive("num_attention_heads", MAX_EXTENT);
        int numKvHeads = config.positive("num_key_value_heads", MAX_EXTENT);
        if (problems.isEmpty() && numHeads % numKvHeads != 0) {
            config.problem(
                    "num_key_value_heads", "is " + numKvHeads + ", it must divide num_attention_heads " + numHeads);
        }
        ModelConfig model = new ModelConfig(
                architecture,
                vocabSize,
                hiddenSize,
                config.positive("num_hidden_layers", MAX_LAYERS),
                numHeads,
                numKvHeads,
                headDim(hiddenSize, numHeads),
                feedForward(architecture),
                (float) config.positiveNumber("rms_norm_eps"),
                config.positiveNumber("rope_theta"),
                config.positive("max_position_embeddings", MAX_POSITIONS),
                config.flag("tie_word_embeddings", false),
                bosTokenId(vocabSize),
                eosTokenIds(vocabSize),
                dtype());
        checkFixedChoices();
        if (!problems.isEmpty()) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    String.join("; ", problems) + "; mend these keys or download the checkpoint again",
                    Map.of("file", config.fileName()),
                    null);
        }
        return model;
    }

    private Architecture architecture() {
        List<String> named = new ArrayList<>();
        config.value("architectures").ifPresent(node -> {
            if (node.isTextual()) {
                named.add(node.textValue());
            }
            node.forEach(element -> named.add(element.asText()));
        });
        return Arrays.stream(Architecture.values())
                .filter(known -> named.contains(known.checkpointName()))
                .findFirst()
                .orElseThrow(() -> unknownArchitecture(named));
    }

    private EngineException unknownArchitecture(List<String> named) {
        String known = Arrays.stream(Architecture.values())
                .map(Architecture::checkpointName)
                .collect(Collectors.joining(" and "));
        String found = named.isEmpty() ? "is missing" : "is " + JsonObjectFile.shortened(named.toString());
        String why = named.contains("PanguProMoEV2ForCausalLM")
                ? "; the second Pangu Pro MoE (openPangu-R-72B) shares the name of its model_type with the first but has"
                        + " another attention, router and norms"
                : "";
        return new EngineException(
                ErrorCode.UNSUPPORTED_MODEL,
                config.fileName() + ": architectures " + found + ", this engine runs " + known + why
                        + "; choose a checkpoint of one of these",
                Map.of("file", config.fileName(), "architectures", JsonObjectFile.shortened(named.toString())),
                null);
    }

    private void refuseForeignVariants() {
        List<String> foreign = FOREIGN_KEYS.keySet().stream()
                .filter(key -> config.value(key)
                        .filter(value -> switchesOn(key, value))
                        .isPresent())
                .sorted()
                .toList();
        if (!foreign.isEmpty()) {
            String keys = foreign.stream()
                    .map(key -> key + " (" + FOREIGN_KEYS.get(key) + ")")
                    .collect(Collectors.joining(", "));
            throw new EngineException(
                    ErrorCode.UNSUPPORTED_MODEL,
                    config.fileName() + ": " + keys + ": this engine does not compute such a variant;"
                            + " choose a float checkpoint without these keys",
                    Map.of("file", config.fileName(), "keys", String.join(",", foreign)),
                    null);
        }
    }

    /** Whether a value of a foreign key means something else than its absence. */
    private static boolean switchesOn(String key, JsonNode value) {
        if (value.isNumber()) {
            return value.doubleValue() != (key.equals("partial_rotary_factor") ? 1 : 0);
        }
        if (value.isContainerNode()) {
            return !value.isEmpty();
        }
        return value.isBoolean() ? value.booleanValue() : !value.asText().isEmpty();
    }

    private int headDim(int hiddenSize, int numHeads) {
        int headDim;
        if (config.value("head_dim").isPresent()) {
            headDim = config.positive("head_dim", MAX_EXTENT);
        } else {
            headDim = Math.max(1, hiddenSize / numHeads);
            if (problems.isEmpty() && hiddenSize % numHeads != 0) {
                config.problem(
                        "hidden_size",
                        "is " + hiddenSize + ", without head_dim it must be a multiple of num_attention_heads "
                                + numHeads);
            }
        }
        if (problems.isEmpty() && headDim % 2 != 0) {
            config.problem("head_dim", "is " + headDim + ", rotary positions need an even one");
        }
        if (problems.isEmpty() && (long) headDim * numHeads > MAX_EXTENT) {
            config.problem(
                    "num_attention_heads", "is " + numHeads + ", with head_dim " + headDim + " that is too wide");
        }
        return headDim;
    }

    private FeedForward feedForward(Architecture architecture) {
        if (architecture == Architecture.PANGU_EMBEDDED) {
            return new Dense(config.positive("intermediate_size", MAX_EXTENT));
        }
        int before = problems.size();
        int numExperts = config.positive("num_experts", MAX_EXTENT);
        int numGroups = config.positive("num_experts_per_tok", MAX_EXTENT);
        if (problems.size() == before && numExperts % numGroups != 0) {
            config.problem(
                    "num_experts_per_tok",
                    "is " + numGroups + ", there is one group for each and groups must divide num_experts "
                            + numExperts);
        }
        return new GroupedExperts(
                numExperts,
                numGroups,
                config.positive("moe_intermediate_size", MAX_EXTENT),
                config.positive("shared_expert_intermediate_size", MAX_EXTENT));
    }

    private Optional<Integer> bosTokenId(int vocabSize) {
        return config.tokenIds("bos_token_id", vocabSize).stream().findFirst();
    }

    private List<Integer> eosTokenIds(int vocabSize) {
        Set<Integer> ids = new LinkedHashSet<>(config.tokenIds("eos_token_id", vocabSize));
        generation.ifPresent(file -> ids.addAll(file.tokenIds("eos_token_id", vocabSize)));
        return List.copyOf(ids);
    }

    private DType dtype() {
        String key = config.value("torch_dtype").isPresent() ? "torch_dtype" : "dtype";
        String word = config.word(key).orElse("bfloat16");
        return switch (word) {
            case "bfloat16" -> DType.BF16;
            case "float16" -> DType.F16;
            case "float32" -> DType.F32;
            default -> {
                config.problem(key, "is '" + word + "', it must be bfloat16, float16 or float32");
                yield DType.BF16;
            }
        };
    }

    /** What the two families have in common and the files may only confirm. */
    private void checkFixedChoices() {
        String activation = config.word("hidden_act").orElse("silu");
        if (!activation.equals("silu")) {
            config.problem("hidden_act", "is '" + activation + "', this engine computes silu");
        }
        for (String key : List.of("bias", "attention_bias")) {
            if (!config.flag(key, true)) {
                config.problem(key, "is false, attention has biases in these families");
            }
        }
    }
}
