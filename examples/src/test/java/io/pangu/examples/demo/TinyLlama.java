package io.pangu.examples.demo;

import io.pangu.examples.gguf.GgufBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A random dense model of the Llama kind in a GGUF file, with the values of its tensors for comparison. */
final class TinyLlama {
    static final int LAYERS = 2;
    static final int HIDDEN = 64;
    static final int INTERMEDIATE = 192;
    static final int HEADS = 4;
    static final int KV_HEADS = 2;
    static final int HEAD_DIM = HIDDEN / HEADS;
    static final List<String> SPECIAL = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");
    static final List<String> MERGES = List.of("h e", "l l", "he ll", "hell o", "Ġ hello");
    static final String CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}";

    private final GgufBytes bytes = new GgufBytes(42);
    private final Map<String, float[][]> values = new HashMap<>();

    TinyLlama() {
        List<String> tokens = tokens();
        putArchitecture(tokens.size());
        putTokenizer(tokens);
        values.put("token_embd", bytes.putQ80("token_embd.weight", tokens.size(), HIDDEN, 0.5));
        values.put("output_norm", bytes.putFloats("output_norm.weight", 1, HIDDEN, 0.1));
        for (int layer = 0; layer < LAYERS; layer++) {
            putLayer("blk." + layer + ".");
        }
    }

    Path write(Path path) throws IOException {
        return bytes.write(path);
    }

    /** Values of a tensor by its name in the file without {@code .weight}. */
    float[][] values(String name) {
        return Objects.requireNonNull(values.get(name), name);
    }

    static int vocabSize() {
        return tokens().size();
    }

    private static List<String> tokens() {
        List<String> tokens = new ArrayList<>(SPECIAL);
        // The byte alphabet of GPT-2: printable Latin-1 stands for itself, the other bytes for 256 and up.
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean isPrintable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
            tokens.add(Character.toString(isPrintable ? b : next++));
        }
        MERGES.forEach(merge -> tokens.add(merge.replace(" ", "")));
        return tokens;
    }

    private void putArchitecture(int vocabSize) {
        bytes.putText("general.architecture", "llama")
                .putCount("llama.block_count", LAYERS)
                .putCount("llama.context_length", 512)
                .putCount("llama.embedding_length", HIDDEN)
                .putCount("llama.feed_forward_length", INTERMEDIATE)
                .putCount("llama.attention.head_count", HEADS)
                .putCount("llama.attention.head_count_kv", KV_HEADS)
                .putNumber("llama.rope.freq_base", 10_000)
                .putNumber("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .putCount("llama.vocab_size", vocabSize)
                .putCount("llama.rope.dimension_count", HEAD_DIM);
    }

    private void putTokenizer(List<String> tokens) {
        List<Integer> types = new ArrayList<>(Collections.nCopies(tokens.size(), 1));
        Collections.fill(types.subList(0, SPECIAL.size()), 3);
        bytes.putText("tokenizer.ggml.model", "gpt2")
                .putText("tokenizer.ggml.pre", "smollm")
                .putTexts("tokenizer.ggml.tokens", tokens)
                .putCounts("tokenizer.ggml.token_type", types)
                .putTexts("tokenizer.ggml.merges", MERGES)
                .putCount("tokenizer.ggml.bos_token_id", 1)
                .putCount("tokenizer.ggml.eos_token_id", 2)
                .putCount("tokenizer.ggml.unknown_token_id", 0)
                .putCount("tokenizer.ggml.padding_token_id", 2)
                .putText("tokenizer.chat_template", CHAT_TEMPLATE);
    }

    private void putLayer(String prefix) {
        int kvSize = KV_HEADS * HEAD_DIM;
        put(prefix + "attn_q", HIDDEN, HIDDEN);
        put(prefix + "attn_k", kvSize, HIDDEN);
        put(prefix + "attn_v", kvSize, HIDDEN);
        put(prefix + "attn_output", HIDDEN, HIDDEN);
        put(prefix + "ffn_gate", INTERMEDIATE, HIDDEN);
        put(prefix + "ffn_up", INTERMEDIATE, HIDDEN);
        put(prefix + "ffn_down", HIDDEN, INTERMEDIATE);
        values.put(prefix + "attn_norm", bytes.putFloats(prefix + "attn_norm.weight", 1, HIDDEN, 0.1));
        values.put(prefix + "ffn_norm", bytes.putFloats(prefix + "ffn_norm.weight", 1, HIDDEN, 0.1));
    }

    private void put(String name, int rows, int cols) {
        values.put(name, bytes.putQ41(name + ".weight", rows, cols, 0.15));
    }
}
