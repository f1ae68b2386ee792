package io.pangu.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user is told who opens a directory that is no good: every word, since the words are the whole help there is. */
class BadCheckpointTest {
    private static final String LAYER = "model.layers.0.";

    @TempDir
    Path directory = Path.of("");

    private final Set<Thread> before = workers();

    private CheckpointCopy tiny = new CheckpointCopy(directory);

    @BeforeEach
    void copy() {
        tiny = CheckpointCopy.of("moge-tiny", directory);
    }

    @AfterEach
    void leavesNoThreadsBehind() {
        Set<Thread> left = workers();
        left.removeAll(before);
        assertThat(left).isEmpty();
    }

    private static Set<Thread> workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("pangu-"))
                .collect(Collectors.toSet());
    }

    private EngineConfig config() {
        return EngineConfig.of(directory.toString()).withBackend("cpu").withCpu(2, "vector");
    }

    private static EngineException refused(EngineConfig config) {
        return catchThrowableOfType(
                EngineException.class, () -> InferenceEngines.open(config).close());
    }

    private static void assertRefused(EngineConfig config, ErrorCode code, String message) {
        EngineException error = refused(config);
        assertThat(error).hasMessage(message);
        assertThat(error.code()).isEqualTo(code);
    }

    private void assertRefused(ErrorCode code, String message) {
        assertRefused(config(), code, message);
    }

    @Nested
    class Directories {
        @Test
        void thatDoNotExist() {
            assertRefused(
                    EngineConfig.of("/no/such/model"),
                    ErrorCode.MODEL_NOT_FOUND,
                    "model directory '/no/such/model' does not exist on this machine; name a checkpoint directory that"
                            + " every executor can read (looked at /no/such/model)");
        }

        @Test
        void thatAreFiles() {
            String file = directory.resolve("config.json").toString();
            assertRefused(
                    EngineConfig.of(file),
                    ErrorCode.MODEL_NOT_FOUND,
                    "model directory '" + file
                            + "' is a file; name the directory that holds config.json and the weights");
        }

        @Test
        void thatHoldNoConfiguration() {
            tiny.without("config.json");
            assertRefused(
                    ErrorCode.MODEL_NOT_FOUND,
                    "model directory '" + directory
                            + "' holds no config.json and so is no checkpoint; name the directory that holds"
                            + " config.json, the tokenizer and the *.safetensors files");
        }

        @Test
        void thatHoldNoTokenizer() {
            tiny.without("tokenizer.model");
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    directory + " has neither tokenizer.model nor tokenizer.json; copy the tokenizer's files beside"
                            + " config.json");
        }

        @Test
        void thatHoldNoWeights() {
            tiny.without("model.safetensors");
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint '" + directory + "' has no weights: there is neither model.safetensors nor"
                            + " model.safetensors.index.json; download the *.safetensors files too");
            tiny.text("pytorch_model.bin", "a pickle");
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint '" + directory + "' has no weights: there is neither model.safetensors nor"
                            + " model.safetensors.index.json; its weights are in PyTorch's format: convert them to"
                            + " safetensors");
        }
    }

    @Nested
    class Configurations {
        @Test
        void ofAnArchitectureThatIsNotOurs() {
            tiny.json("config.json", node -> node.putArray("architectures").add("LlamaForCausalLM"));
            assertRefused(
                    ErrorCode.UNSUPPORTED_MODEL,
                    "config.json: architectures is [LlamaForCausalLM], this engine runs PanguProMoEForCausalLM and"
                            + " PanguEmbeddedForCausalLM; choose a checkpoint of one of these");
        }

        @Test
        void withSeveralFaultsNameThemAll() {
            tiny.json("config.json", node -> {
                node.remove("hidden_size");
                node.put("num_experts", 63);
                node.put("rms_norm_eps", "x");
            });
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "config.json: hidden_size is missing; config.json: num_experts_per_tok is 8, there is one group for"
                            + " each and groups must divide num_experts 63; config.json: rms_norm_eps is \"x\", it must be"
                            + " a positive number; mend these keys or download the checkpoint again");
        }

        @Test
        void thatAreNoJson() {
            tiny.text("config.json", "{\"a\": ");
            EngineException error = refused(config());
            assertThat(error)
                    .hasMessage(directory.resolve("config.json")
                            + " is not valid JSON at line 1, column 7 (Unexpected end-of-input within/between Object"
                            + " entries); download the checkpoint again or mend the file");
            assertThat(error.context()).containsEntry("line", "1").containsEntry("column", "7");
        }
    }

    @Nested
    class Weights {
        @Test
        void thatLackMisshapeMistypeAndAddTensorsNameThemAllAtOnce() {
            tiny.header("model.safetensors", header -> {
                JsonNode norm = header.remove("model.norm.weight");
                header.set("model.unknown.weight", norm);
                ObjectNode up = (ObjectNode) header.get(LAYER + "mlp.experts.3.up_proj.weight");
                up.putArray("shape").add(160).add(16);
                ((ObjectNode) header.get(LAYER + "input_layernorm.weight")).put("dtype", "I16");
            });
            EngineException error = refused(config());
            assertThat(error)
                    .hasMessage("checkpoint '" + directory + "': model.safetensors: tensor"
                            + " 'model.layers.0.mlp.experts.3.up_proj.weight' has shape [160, 16], config.json implies"
                            + " [16, 160]; model.safetensors: tensor 'model.layers.0.input_layernorm.weight' has type I16,"
                            + " it must be one of [F32, F16, BF16]; 1 tensors that config.json implies are missing:"
                            + " 'model.norm.weight' [160]; 1 tensors are not part of the model that config.json"
                            + " describes: 'model.unknown.weight'; re-export the checkpoint or take the config.json that"
                            + " belongs to it");
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
            assertThat(error.context()).isEqualTo(Map.of("model", directory.toString()));
        }

        @Test
        void thatAreTruncated() {
            tiny.cutTo("model.safetensors", 1_000_000);
            EngineException error = refused(config());
            assertThat(error)
                    .hasMessage("model.safetensors: tensor 'model.layers.0.mlp.experts.44.up_proj.weight': data_offsets"
                            + " [948736, 953856] end beyond the 952552 bytes of data in the file, which is truncated or"
                            + " damaged (at byte 16409); the file is not a whole safetensors file: download or export it"
                            + " again");
            assertThat(error.context()).containsEntry("file", "model.safetensors");
            tiny.cutTo("model.safetensors", 5);
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "model.safetensors: a file of 5 bytes has no header (at byte 0); the file is not a whole safetensors"
                            + " file: download or export it again");
        }
    }

    @Nested
    class QuantisedWeights {
        private static final String DESCRIPTION = "quant_model_description.json";
        private static final String FILE = "quant_model_weight_w8a8.safetensors";

        @BeforeEach
        void copyQuantised() {
            for (String file : tiny.files()) {
                tiny.without(file);
            }
            CheckpointCopy.of("moge-w8a8-static", directory);
        }

        @Test
        void thatAreWholeOpen() {
            try (InferenceEngine engine = InferenceEngines.open(config())) {
                assertThat(engine.model().vocabSize()).isEqualTo(384);
                assertThat(engine.model().fingerprint()).hasSize(64);
            }
        }

        @Test
        void withoutTheirDescription() {
            tiny.without(DESCRIPTION);
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint '" + directory + "': it has quantised weights (" + FILE + ") but no " + DESCRIPTION
                            + ", which says how each tensor is stored; copy that file, too, from where the quantiser wrote"
                            + " the weights");
        }

        @Test
        void ofAKindThatIsNotRead() {
            tiny.json(DESCRIPTION, node -> node.put("lm_head.weight", "W4A16"));
            assertRefused(
                    ErrorCode.UNSUPPORTED_MODEL,
                    DESCRIPTION + ": 1 tensors are stored as 'W4A16': 'lm_head.weight'; this engine reads [FLOAT, W8A8,"
                            + " W8A8_DYNAMIC]: quantise the model again to one of these, or take the float checkpoint,"
                            + " which can be quantised to int8 while it is loaded");
        }

        @Test
        void withACacheInInt8() {
            tiny.json(DESCRIPTION, node -> node.put("kv_quant_type", "C8"));
            EngineException error = refused(config());
            assertThat(error.code()).isEqualTo(ErrorCode.UNSUPPORTED_MODEL);
            assertThat(error)
                    .hasMessageStartingWith(
                            DESCRIPTION + ": kv_quant_type is C8, a quantisation of the key and value cache; ");
        }

        @Test
        void whoseFusedPartsAreMixed() {
            tiny.json(DESCRIPTION, node -> node.put(LAYER + "self_attn.k_proj.weight", "FLOAT"));
            assertRefused(
                    ErrorCode.UNSUPPORTED_MODEL,
                    DESCRIPTION + ": 'model.layers.0.self_attn.q_proj.weight' is W8A8, but"
                            + " 'model.layers.0.self_attn.k_proj.weight' is FLOAT, and these are multiplied as one;"
                            + " quantise the model again: leave as FLOAT what is read so, and give one type to what is"
                            + " multiplied as one");
        }

        @Test
        void thatLackMistypeAndAddTensorsNameThemAllAtOnce() {
            tiny.header(FILE, header -> {
                header.set(LAYER + "self_attn.o_proj.unknown", header.remove(LAYER + "self_attn.o_proj.deq_scale"));
                ((ObjectNode) header.get(LAYER + "self_attn.q_proj.weight")).put("dtype", "U8");
            });
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "checkpoint '" + directory + "': " + FILE + ": tensor 'model.layers.0.self_attn.q_proj.weight' has"
                            + " type U8, it must be one of [I8]; 1 tensors that config.json implies are missing:"
                            + " 'model.layers.0.self_attn.o_proj.deq_scale' [128]; 1 tensors are not part of the model that"
                            + " config.json describes: 'model.layers.0.self_attn.o_proj.unknown'; re-export the checkpoint or"
                            + " take the config.json and the " + DESCRIPTION + " that belong to it");
        }

        @Test
        void thatAreAsymmetric() {
            // A tensor of scales in the place of one of offsets: numbers that are not zero.
            tiny.header(FILE, header -> {
                JsonNode scale = header.get(LAYER + "self_attn.v_proj.weight_scale");
                JsonNode offset = header.get(LAYER + "self_attn.v_proj.weight_offset");
                header.set(LAYER + "self_attn.v_proj.weight_offset", scale);
                header.set(LAYER + "self_attn.v_proj.weight_scale", offset);
            });
            EngineException error = refused(config());
            assertThat(error.code()).isEqualTo(ErrorCode.UNSUPPORTED_MODEL);
            assertThat(error)
                    .hasMessageStartingWith("checkpoint '" + directory + "': " + FILE
                            + ": tensor 'model.layers.0.self_attn.v_proj.weight_offset' holds 0.0017147515 at 0, which is"
                            + " not the zero of symmetric weights; this engine runs symmetric weights only");
        }

        @Test
        void asShardsWithoutAnIndex() {
            tiny.text("quant_model_weight_w8a8-00001-of-00002.safetensors", "");
            EngineException error = refused(config());
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
            assertThat(error)
                    .hasMessageContaining("it has 2 files of quantised weights and nothing says which to read: ")
                    .hasMessageEndingWith("copy their quant_model_weight*.safetensors.index.json, too; else leave one");
        }
    }

    @Nested
    class Shards {
        private void copyWide() {
            for (String file : tiny.files()) {
                tiny.without(file);
            }
            // Without its Jinja template, which has nothing to do with shards.
            CheckpointCopy.of("moge-wide", directory)
                    .json("tokenizer_config.json", node -> node.remove("chat_template"));
        }

        @Test
        void thatAreWholeOpen() {
            copyWide();
            try (InferenceEngine engine = InferenceEngines.open(config())) {
                assertThat(engine.model().name())
                        .isEqualTo(directory.getFileName().toString());
                assertThat(engine.model().vocabSize()).isEqualTo(515);
                assertThat(engine.model().architecture()).isEqualTo("PanguProMoEForCausalLM");
                assertThat(engine.model().device()).contains("Vector API").contains("2 threads");
                assertThat(engine.model().fingerprint()).hasSize(64);
            }
        }

        @Test
        void thatAreMissing() {
            copyWide();
            tiny.without("model-00002-of-00003.safetensors");
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    directory + ": 1 of 3 shards that model.safetensors.index.json names are missing:"
                            + " 'model-00002-of-00003.safetensors'; finish downloading the checkpoint");
        }

        @Test
        void thatAreTruncated() {
            copyWide();
            tiny.cutTo("model-00003-of-00003.safetensors", 1_000_000);
            assertRefused(
                    ErrorCode.INVALID_CHECKPOINT,
                    "model-00003-of-00003.safetensors: tensor 'model.layers.1.mlp.experts.12.gate_proj.weight':"
                            + " data_offsets [983040, 1024000] end beyond the 995136 bytes of data in the file, which is"
                            + " truncated or damaged (at byte 2733); the file is not a whole safetensors file: download or"
                            + " export it again");
        }
    }

    @Nested
    class Settings {
        @Test
        void thatAskForMoreContextThanTheModelHas() {
            assertRefused(
                    config().withLimits(4096, 0, 0, 0),
                    ErrorCode.INVALID_CONFIG,
                    "maxContextLength is 4096, the model's context is 2048; ask for no more than that");
        }

        @Test
        void thatGiveTheCacheLessThanOneRequest() {
            assertRefused(
                    config().withLimits(0, 0, 0, 1000),
                    ErrorCode.INVALID_CONFIG,
                    "the key and value cache cannot hold one sequence of 2048 tokens: that takes 1048576 bytes,"
                            + " kvCacheBytes is 1000; lower maxContextLength, or give the cache more memory"
                            + " (kvCacheBytes)");
        }

        @Test
        void thatNameWhatThereIsNot() {
            assertRefused(
                    config().withBackend("cuda"),
                    ErrorCode.INVALID_CONFIG,
                    "backend 'cuda' is unknown; known are auto, cann, cpu");
            assertRefused(
                    config().withCpu(1, "fast"),
                    ErrorCode.INVALID_CONFIG,
                    "CPU kernels 'fast' are unknown; known are auto, native and vector");
            assertRefused(
                    config().withDevices(List.of(), 3),
                    ErrorCode.INVALID_CONFIG,
                    "the model cannot be spread over 3 devices: it has 2 kv heads and 8 expert groups, and each device"
                            + " takes equally many of them; give it one of these numbers of devices: 1, 2");
            assertRefused(
                    config().withDevices(List.of(), 65),
                    ErrorCode.INVALID_CONFIG,
                    "65 CPU devices were asked for; ask for 1, which uses all processors, or for up to 64 virtual ones"
                            + " to try out how a model is spread");
        }
    }
}
