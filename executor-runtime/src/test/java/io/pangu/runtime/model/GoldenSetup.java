package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.backend.cpu.CpuDeviceProvider;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.parallel.SoloMesh;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * One way to run a golden checkpoint, and how close to the golden answers it must come.
 *
 * @param numDevices virtual devices that the model is spread over; 1 for a reference device
 */
record GoldenSetup(Backend backend, String checkpoint, WeightPrecision precision, int numDevices) {
    /** Room for the longest golden sequence, and little more. */
    static final ModelLimits LIMITS = new ModelLimits(160, 170, 6, 0);

    /** What precision alone costs when matmul inputs are rounded to bf16: the golden README's table. */
    private static final Map<String, Double> BF16_INPUTS = Map.of(
            "moge-tiny", 0.0067,
            "moge-wide", 0.012,
            "moge-mesh", 0.010,
            "moge-mesh-128", 0.0075,
            "embedded-tiny", 0.019 + 0.026); // its F16 weights are rounded, too

    /**
     * What quantising weights and activations of these checkpoints to int8 costs, measured with the reference device; the
     * golden README has no figure for it. The mildest modelling mistake is at least 3.5 times as far off.
     */
    private static final Map<String, Double> INT8_BODY = Map.of(
            "moge-tiny", 0.030,
            "moge-wide", 0.051,
            "moge-mesh", 0.038,
            "moge-mesh-128", 0.030,
            "embedded-tiny", 0.091);

    /** The backends; a new one is a name and the way to open it. */
    enum Backend {
        REFERENCE,
        CPU_NATIVE,
        CPU_VECTOR;

        private Device opened() {
            return switch (this) {
                case REFERENCE -> new ReferenceDevice();
                case CPU_NATIVE -> cpu("native");
                case CPU_VECTOR -> cpu("vector");
            };
        }

        private static Device cpu(String kernels) {
            // More workers than one, so that work is really split.
            return new CpuDeviceProvider()
                    .choose(new DeviceOptions(List.of(), 1, 2, kernels))
                    .open(0);
        }

        private String kernels() {
            return this == CPU_NATIVE ? "native" : "vector";
        }

        /** A fresh device; aborts the test, with the reason, where this machine has none. */
        Device open() {
            try {
                return opened();
            } catch (EngineException e) {
                if (e.code() == ErrorCode.BACKEND_UNAVAILABLE) {
                    Assumptions.abort(e.toString());
                }
                throw e;
            }
        }
    }

    GoldenSetup(Backend backend, String checkpoint, WeightPrecision precision) {
        this(backend, checkpoint, precision, 1);
    }

    /** Every backend with every float checkpoint in every precision, then on every mesh that the checkpoint fits. */
    static List<GoldenSetup> all() {
        List<GoldenSetup> setups = onOneDevice();
        setups.addAll(onMeshes());
        return setups;
    }

    private static List<GoldenSetup> onMeshes() {
        List<GoldenSetup> setups = new ArrayList<>();
        for (WeightPrecision precision : List.of(WeightPrecision.FLOAT32, WeightPrecision.BFLOAT16)) {
            for (String checkpoint : List.of("moge-mesh", "moge-mesh-128")) {
                for (int numDevices : new int[] {2, 4, 8}) {
                    setups.add(new GoldenSetup(Backend.CPU_NATIVE, checkpoint, precision, numDevices));
                }
            }
            setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-tiny", precision, 2));
            setups.add(new GoldenSetup(Backend.CPU_VECTOR, "moge-mesh", precision, 4));
        }
        setups.add(new GoldenSetup(Backend.CPU_VECTOR, "moge-mesh-128", WeightPrecision.BFLOAT16, 8));
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh", WeightPrecision.INT8, 2));
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh-128", WeightPrecision.INT8, 8));
        return setups;
    }

    private static List<GoldenSetup> onOneDevice() {
        List<GoldenSetup> setups = new ArrayList<>();
        for (Backend backend : Backend.values()) {
            for (String checkpoint : GoldenCheckpoint.NAMES) {
                for (WeightPrecision precision : WeightPrecision.values()) {
                    setups.add(new GoldenSetup(backend, checkpoint, precision));
                }
            }
        }
        return setups;
    }

    LanguageModel load(Device device) {
        return load(SoloMesh.of(device));
    }

    private LanguageModel load(DeviceMesh mesh) {
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file(checkpoint).toString());
        ModelConfig config = ModelConfigReader.read(directory);
        return ModelLoader.load(directory.path(), config, mesh, precision, LIMITS);
    }

    /** The model on virtual devices; aborts the test, with the reason, where this machine has none. */
    LanguageModel loadOnVirtualDevices() {
        backend.open().close();
        DeviceOptions options = new DeviceOptions(List.of(), numDevices, 2, backend.kernels());
        return load(DeviceMesh.open(new CpuDeviceProvider().choose(options), MeshLimits.DEFAULT));
    }

    /**
     * Whether another way than one pass can tell more than it costs: the reference's plain loops treat all precisions and
     * all row counts alike, there it is the decoder that is tested.
     */
    boolean isWorthRepeating(long variant) {
        if (numDevices > 1) {
            // On the kernels it was tried on one device; here it is the sums over ranks that must not depend on the
            // batch.
            return precision == WeightPrecision.BFLOAT16 && (variant == 7 || variant == 2);
        }
        return backend != Backend.REFERENCE || (precision == WeightPrecision.FLOAT32 && variant == 1);
    }

    /** Largest relative error of a position's logits. */
    double logitBound() {
        return switch (precision) {
            case FLOAT32 -> 1e-5;
            case BFLOAT16 -> 1.5 * BF16_INPUTS.getOrDefault(checkpoint, 0.0);
            case INT8 -> 1.5 * INT8_BODY.getOrDefault(checkpoint, 0.0);
        };
    }

    /** Largest relative error of an embedding. */
    double embeddingBound() {
        return switch (precision) {
            case FLOAT32 -> 1e-5;
            case BFLOAT16 -> 0.03;
            case INT8 -> 0.1;
        };
    }

    /** Largest error of a token's log-probability. */
    double scoreBound() {
        return switch (precision) {
            case FLOAT32 -> 1e-4;
            case BFLOAT16 -> 0.1;
            case INT8 -> 0.5;
        };
    }

    @Override
    public String toString() {
        return checkpoint + " " + precision + " on " + backend + (numDevices > 1 ? " x " + numDevices : "");
    }
}
