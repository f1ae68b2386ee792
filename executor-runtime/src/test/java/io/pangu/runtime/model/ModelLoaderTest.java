package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.backend.ReferenceDeviceExtension;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.ListedDevices;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.parallel.SoloMesh;
import io.pangu.runtime.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ModelLoaderTest {
    private static final ModelLimits LIMITS = new ModelLimits(32, 32, 2, 0);

    @RegisterExtension
    final ReferenceDeviceExtension devices = new ReferenceDeviceExtension();

    private final AlteredWeights moe = new AlteredWeights(GoldenCheckpoint.file("moge-tiny"));
    private final AlteredWeights dense = new AlteredWeights(GoldenCheckpoint.file("embedded-tiny"));

    @AfterEach
    void closeWeights() {
        moe.close();
        dense.close();
    }

    private static ModelConfig config(String checkpoint) {
        return ModelConfigReader.read(
                ModelDirectory.open(GoldenCheckpoint.file(checkpoint).toString()));
    }

    private static LanguageModel load(AlteredWeights weights, String checkpoint, Device device, ModelLimits limits) {
        return ModelLoader.load(
                weights, checkpoint, config(checkpoint), SoloMesh.of(device), WeightPrecision.FLOAT32, limits);
    }

    private float[][] logits(AlteredWeights weights, String checkpoint) {
        int[] prompt = GoldenCheckpoint.load(checkpoint).cases().get(2).prompt();
        try (LanguageModel model = load(weights, checkpoint, devices.open(), LIMITS)) {
            return new SequenceRunner(model, 1).logits(prompt, 32);
        }
    }

    private static void assertGolden(float[][] logits, String checkpoint) {
        float[][] expected = GoldenCheckpoint.load(checkpoint).logits(2);
        for (int i = 0; i < logits.length; i++) {
            assertThat(GoldenCheckpoint.relativeError(logits[i], expected[i])).isLessThan(1e-5);
        }
    }

    @Test
    void listsEveryFaultOfACheckpointAtOnce() {
        moe.without("model.layers.0.self_attn.o_proj.bias")
                .without("model.norm.weight")
                .reshaped("model.layers.1.mlp.experts.3.up_proj.weight", 8, 160)
                .copied("lm_head.weight", "model.layers.0.mlp.shared_expert_gate.weight");
        ReferenceDevice device = devices.open();
        EngineException error =
                catchThrowableOfType(EngineException.class, () -> load(moe, "moge-tiny", device, LIMITS));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        assertThat(error)
                .hasMessageContaining("moge-tiny")
                .hasMessageContaining("o_proj.bias")
                .hasMessageContaining("model.norm.weight")
                .hasMessageContaining("experts.3.up_proj.weight' has shape [8, 160], config.json implies [16, 160]")
                .hasMessageContaining("shared_expert_gate");
        assertThat(device.isClosed()).isTrue();
    }

    @Test
    void readsAFlatRouterScale() {
        moe.reshaped("model.layers.0.mlp.router_scale", 64).reshaped("model.layers.1.mlp.router_scale", 64);
        assertGolden(logits(moe, "moge-tiny"), "moge-tiny");
    }

    @Test
    void tiedHeadIsTheEmbeddingWhateverElseIsStored() {
        dense.garbled("model.embed_tokens.weight", "lm_head.weight");
        assertGolden(logits(dense, "embedded-tiny"), "embedded-tiny");
    }

    @Test
    void releasesEverythingWhenMemoryRunsOutHalfWay() {
        ReferenceDevice roomy = devices.open();
        long needed;
        try (LanguageModel model = load(moe, "moge-tiny", roomy, LIMITS)) {
            assertThat(model.numBlocks()).isPositive();
            needed = roomy.memory().totalBytes() - roomy.memory().freeBytes();
        }
        for (int part = 1; part < 12; part++) {
            ReferenceDevice device = devices.open(new ReferenceDevice(DType.F64, needed * part / 12));
            EngineException error =
                    catchThrowableOfType(EngineException.class, () -> load(moe, "moge-tiny", device, LIMITS));
            assertThat(error.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            assertThat(device.liveObjects())
                    .as("%d of 12 parts of the memory", part)
                    .isZero();
            assertThat(device.isClosed()).isTrue();
        }
    }

    @Test
    void closesWhatItWasGivenAndNothingElse() {
        ReferenceDevice device = devices.open();
        load(moe, "moge-tiny", device, LIMITS).close();
        assertThat(device.isClosed()).isTrue();
        assertThat(moe.isClosed()).isFalse();
    }

    @Test
    void refusesACacheThatCannotHoldOneSequence() {
        EngineException error = catchThrowableOfType(
                EngineException.class, () -> load(moe, "moge-tiny", devices.open(), new ModelLimits(32, 32, 2, 1000)));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessageContaining("one sequence of 32 tokens").hasMessageContaining("kvCacheBytes");
    }

    @Test
    void cacheHasTheBlocksThatItsBytesHold() {
        // 2 layers, keys and values, 2 kv heads of 16, F64: 1024 bytes a token; blocks of 5 tokens.
        try (LanguageModel model =
                load(moe, "moge-tiny", devices.open(), new ModelLimits(32, 32, 2, 7 * 5120 + 5119))) {
            assertThat(model.blockSize()).isEqualTo(5);
            assertThat(model.numBlocks()).isEqualTo(7);
        }
    }

    @Test
    void refusesMoreDevicesThanTheModelCanBeSpreadOverAndClosesThem() {
        List<ReferenceDevice> four = Stream.generate(devices::open).limit(4).toList();
        DeviceMesh mesh = DeviceMesh.open(new ListedDevices(four), MeshLimits.DEFAULT);
        EngineException error = catchThrowableOfType(
                EngineException.class,
                () -> ModelLoader.load(moe, "moge-tiny", config("moge-tiny"), mesh, WeightPrecision.BFLOAT16, LIMITS));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error)
                .hasMessageContaining("2 kv heads and 8 expert groups")
                .hasMessageEndingWith("give it one of these numbers of devices: 1, 2");
        assertThat(four).allMatch(ReferenceDevice::isClosed);
    }

    @Test
    void closesTheDeviceWhenTheDirectoryHoldsNoWeights(@TempDir Path empty) {
        ReferenceDevice device = devices.open();
        DeviceMesh mesh = SoloMesh.of(device);
        assertThatThrownBy(() -> ModelLoader.load(empty, config("moge-tiny"), mesh, WeightPrecision.BFLOAT16, LIMITS))
                .isInstanceOf(EngineException.class);
        assertThat(device.isClosed()).isTrue();
    }
}
