package io.pangu.runtime.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/** The smallest mixture of grouped experts that one, two or four NPUs can run: one layer, random weights of a fixed seed. */
final class SmallCheckpoint {
    static final int VOCAB_SIZE = 64;

    private static final int HIDDEN = 64;
    private static final int EXPERTS = 8;
    private static final int EXPERT_WIDTH = 16;
    private static final int SHARED_WIDTH = 64;

    private final Random random = new Random(20);
    private final Map<String, int[]> shapes = new LinkedHashMap<>();

    private SmallCheckpoint() {
        String layer = "model.layers.0.";
        add("model.embed_tokens.weight", VOCAB_SIZE, HIDDEN);
        add(layer + "input_layernorm.weight", HIDDEN);
        add(layer + "post_attention_layernorm.weight", HIDDEN);
        for (String projection : new String[] {"q", "k", "v", "o"}) {
            add(layer + "self_attn." + projection + "_proj.weight", HIDDEN, HIDDEN);
            add(layer + "self_attn." + projection + "_proj.bias", HIDDEN);
        }
        add(layer + "mlp.gate.weight", EXPERTS, HIDDEN);
        add(layer + "mlp.router_scale", 1, EXPERTS);
        for (int expert = 0; expert < EXPERTS; expert++) {
            addMlp(layer + "mlp.experts." + expert, EXPERT_WIDTH);
        }
        addMlp(layer + "mlp.shared_expert", SHARED_WIDTH);
        add("model.norm.weight", HIDDEN);
        add("lm_head.weight", VOCAB_SIZE, HIDDEN);
    }

    private void add(String name, int... shape) {
        shapes.put(name, shape);
    }

    private void addMlp(String name, int width) {
        add(name + ".gate_proj.weight", width, HIDDEN);
        add(name + ".up_proj.weight", width, HIDDEN);
        add(name + ".down_proj.weight", HIDDEN, width);
    }

    /** Writes it into a directory. */
    static void write(Path directory) throws IOException {
        Files.writeString(directory.resolve("config.json"), """
                {"architectures": ["PanguProMoEForCausalLM"], "model_type": "PanguProMoE", "rope_theta": 16000000.0,
                 "num_experts_per_tok": 8, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "hidden_act": "silu",
                 "rms_norm_eps": 1e-05, "bos_token_id": 1, "eos_token_id": 2, "max_position_embeddings": 512,
                 "hidden_size": %d, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 4,
                 "num_experts": %d, "moe_intermediate_size": %d, "shared_expert_intermediate_size": %d, "vocab_size": %d}
                """.formatted(
                        HIDDEN, EXPERTS, EXPERT_WIDTH, SHARED_WIDTH, VOCAB_SIZE));
        Files.write(directory.resolve("model.safetensors"), new SmallCheckpoint().file());
    }

    private byte[] file() {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        int end = 0;
        for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
            int begin = end;
            end += 2 * elements(tensor.getValue());
            header.append(",\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                    .formatted(
                            tensor.getKey(),
                            Arrays.stream(tensor.getValue())
                                    .mapToObj(Integer::toString)
                                    .collect(Collectors.joining(",")),
                            begin,
                            end));
        }
        header.append("}");
        while (header.length() % 8 > 0) {
            header.append(' ');
        }
        ByteBuffer file = ByteBuffer.allocate(8 + header.length() + end).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length()).put(header.toString().getBytes(StandardCharsets.US_ASCII));
        for (int[] shape : shapes.values()) {
            float scale = shape.length == 1 ? 1 : 2 / (float) Math.sqrt(shape[1]);
            for (int i = elements(shape); i > 0; i--) {
                file.putShort((short) (Float.floatToRawIntBits(scale * (float) random.nextGaussian()) >>> 16));
            }
        }
        return file.array();
    }

    private static int elements(int[] shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }
}
