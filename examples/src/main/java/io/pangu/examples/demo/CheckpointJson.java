package io.pangu.examples.demo;

import io.pangu.examples.gguf.GgufFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON files of a checkpoint directory: configuration, and the byte-level BPE tokenizer that a GGUF file carries. */
final class CheckpointJson {
    private static final int CONTROL_TOKEN = 3;

    private final DenseModel model;
    private final GgufFile file;
    private final List<String> tokens;

    private CheckpointJson(DenseModel model) {
        this.model = model;
        this.file = model.file();
        this.tokens = file.texts("tokenizer.ggml.tokens");
    }

    /** File name to content. */
    static Map<String, String> of(DenseModel model, ModelForm form) {
        CheckpointJson json = new CheckpointJson(model);
        json.requireKnownTokenizer();
        Map<String, String> files = new LinkedHashMap<>();
        files.put("config.json", JsonText.of(json.config(form)));
        files.put("generation_config.json", JsonText.of(json.generationConfig()));
        files.put("tokenizer.json", JsonText.of(json.tokenizer()));
        files.put("tokenizer_config.json", JsonText.of(json.tokenizerConfig()));
        files.put("special_tokens_map.json", JsonText.of(json.specialTokens()));
        return files;
    }

    private void requireKnownTokenizer() {
        String kind = file.text("tokenizer.ggml.model") + "/" + file.text("tokenizer.ggml.pre");
        if (!kind.equals("gpt2/smollm")) {
            throw new DemoModelException("the file's tokenizer is " + kind + "; only gpt2/smollm is carried over");
        }
        if (tokens.size() != model.vocabSize()) {
            throw new DemoModelException("the file has " + tokens.size() + " tokens and a vocabulary of "
                    + model.vocabSize() + "; it is damaged");
        }
    }

    private Map<String, Object> config(ModelForm form) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of(form.architecture()));
        config.put("model_type", form.modelType());
        config.put("vocab_size", model.vocabSize());
        config.put("hidden_size", model.hiddenSize());
        config.put("num_hidden_layers", model.numLayers());
        config.put("num_attention_heads", model.numHeads());
        config.put("num_key_value_heads", model.numKvHeads());
        if (form.isDense()) {
            config.put("intermediate_size", model.intermediateSize());
            config.put("bias", true);
        } else {
            config.put("num_experts", CheckpointTensors.NUM_EXPERTS);
            config.put("num_experts_per_tok", CheckpointTensors.NUM_GROUPS);
            config.put("moe_intermediate_size", CheckpointTensors.expertSize(model));
            config.put("shared_expert_intermediate_size", CheckpointTensors.sharedSize(model));
        }
        config.put("hidden_act", "silu");
        config.put("rms_norm_eps", model.rmsNormEpsilon());
        config.put("rope_theta", model.ropeTheta());
        config.put("max_position_embeddings", model.maxPositions());
        config.put("tie_word_embeddings", form.isDense());
        config.put("attention_dropout", 0.0);
        config.put("torch_dtype", "bfloat16");
        config.put("bos_token_id", file.tokenId("tokenizer.ggml.bos_token_id"));
        config.put("eos_token_id", file.tokenId("tokenizer.ggml.eos_token_id"));
        config.put("pad_token_id", file.tokenId("tokenizer.ggml.padding_token_id"));
        return config;
    }

    /** The end of a turn and the end of a document both end a generation. */
    private Map<String, Object> generationConfig() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("bos_token_id", file.tokenId("tokenizer.ggml.bos_token_id"));
        config.put(
                "eos_token_id",
                List.of(file.tokenId("tokenizer.ggml.eos_token_id"), file.tokenId("tokenizer.ggml.unknown_token_id")));
        config.put("pad_token_id", file.tokenId("tokenizer.ggml.padding_token_id"));
        config.put("do_sample", false);
        return config;
    }

    private Map<String, @Nullable Object> tokenizer() {
        List<Object> added = new ArrayList<>();
        List<Integer> types = file.counts("tokenizer.ggml.token_type");
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (vocabulary.put(tokens.get(id), id) != null) {
                throw new DemoModelException("token " + id + " of the file stands twice; it is damaged");
            }
            if (id < types.size() && types.get(id) == CONTROL_TOKEN) {
                added.add(addedToken(id, tokens.get(id)));
            }
        }
        Map<String, @Nullable Object> root = new LinkedHashMap<>();
        root.put("version", "1.0");
        root.put("truncation", null);
        root.put("padding", null);
        root.put("added_tokens", added);
        root.put("normalizer", null);
        root.put(
                "pre_tokenizer",
                ordered(
                        "type",
                        "Sequence",
                        "pretokenizers",
                        List.of(ordered("type", "Digits", "individual_digits", true), byteLevel(false))));
        root.put("post_processor", null);
        root.put("decoder", byteLevel(true));
        root.put("model", bpe(vocabulary));
        return root;
    }

    private Map<String, @Nullable Object> bpe(Map<String, Object> vocabulary) {
        Map<String, @Nullable Object> bpe = new LinkedHashMap<>();
        bpe.put("type", "BPE");
        bpe.put("dropout", null);
        bpe.put("unk_token", null);
        bpe.put("continuing_subword_prefix", null);
        bpe.put("end_of_word_suffix", null);
        bpe.put("fuse_unk", false);
        bpe.put("byte_fallback", false);
        bpe.put("ignore_merges", false);
        bpe.put("vocab", vocabulary);
        bpe.put("merges", merges());
        return bpe;
    }

    /** Pairs of pieces; byte-level pieces hold no space, so the one space parts them. */
    private List<List<String>> merges() {
        List<List<String>> merges = new ArrayList<>();
        for (String merge : file.texts("tokenizer.ggml.merges")) {
            int space = merge.indexOf(' ');
            if (space <= 0 || space != merge.lastIndexOf(' ') || space == merge.length() - 1) {
                throw new DemoModelException("merge '" + merge + "' of the file is no pair; it is damaged");
            }
            merges.add(List.of(merge.substring(0, space), merge.substring(space + 1)));
        }
        return merges;
    }

    private static Object addedToken(int id, String content) {
        Map<String, Object> token = ordered("id", id, "content", content);
        token.put("single_word", false);
        token.put("lstrip", false);
        token.put("rstrip", false);
        token.put("normalized", false);
        token.put("special", true);
        return token;
    }

    private static Map<String, Object> byteLevel(boolean addPrefixSpace) {
        Map<String, Object> step = ordered("type", "ByteLevel", "add_prefix_space", addPrefixSpace);
        step.put("trim_offsets", true);
        step.put("use_regex", true);
        return step;
    }

    private Map<String, Object> tokenizerConfig() {
        Map<String, Object> config = new LinkedHashMap<>(specialTokens());
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        config.put("add_bos_token", false);
        config.put("add_prefix_space", false);
        config.put("clean_up_tokenization_spaces", false);
        config.put("model_max_length", model.maxPositions());
        config.put("chat_template", file.text("tokenizer.chat_template"));
        return config;
    }

    private Map<String, Object> specialTokens() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("bos_token", token("tokenizer.ggml.bos_token_id"));
        map.put("eos_token", token("tokenizer.ggml.eos_token_id"));
        map.put("unk_token", token("tokenizer.ggml.unknown_token_id"));
        map.put("pad_token", token("tokenizer.ggml.padding_token_id"));
        return map;
    }

    private String token(String key) {
        int id = file.tokenId(key);
        if (id >= tokens.size()) {
            throw new DemoModelException(
                    key + " is " + id + ", the file has " + tokens.size() + " tokens; it is damaged");
        }
        return tokens.get(id);
    }

    private static Map<String, Object> ordered(String key, Object value, String otherKey, Object otherValue) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(key, value);
        map.put(otherKey, otherValue);
        return map;
    }
}
