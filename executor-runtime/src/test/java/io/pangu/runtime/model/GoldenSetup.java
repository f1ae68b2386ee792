package io.pangu.runtime.model;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.backend.cann.StandInCann;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInNpus;
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

    /** What rounding every intermediate to bf16 costs: the golden README's table; the F16 weights are rounded, too. */
    private static final Map<String, Double> BF16_EVERYWHERE = Map.of(
            "moge-tiny", 0.014,
            "moge-wide", 0.017,
            "moge-mesh", 0.020,
            "moge-mesh-128", 0.013,
            "embedded-tiny", 0.029 + 0.026,
            "moge-w8a8-dynamic", 0.038,
            "moge-w8a8-static", 0.066,
            "moge-mesh-w8a8", 0.079);

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

    /**
     * What fp32 alone costs in Ascend's format, by the golden README's table: a rounding that flips moves a whole step of an
     * int8 input, and which ones flip is a matter of the order of sums.
     */
    private static final Map<String, Double> QUANTIZED_FP32 = Map.of(
            "moge-w8a8-static", 0.0023,
            "moge-w8a8-dynamic", 0.016,
            "moge-mesh-w8a8", 0.013);

    /** Chunks and seeds with which the quantised checkpoints are run again. */
    private static final List<Long> QUANTIZED_VARIANTS = List.of(1L, 7L, 64L);

    /** The most that one flip has cost in the table. */
    private static final double LARGEST_FLIP = 0.016;

    /** The same with matmul inputs rounded to bf16; we round only those of the head, the one large float matrix. */
    private static final Map<String, Double> QUANTIZED_BF16_INPUTS = Map.of(
            "moge-w8a8-static", 0.054,
            "moge-w8a8-dynamic", 0.032,
            "moge-mesh-w8a8", 0.049);

    /** The backends; a new one is a name and the way to open it. */
    enum Backend {
        REFERENCE,
        CPU_NATIVE,
        CPU_VECTOR,
        /** The stand-in with the operators of 8.1.RC1. */
        CANN_OLDEST,
        /** The stand-in with the newest operators. */
        CANN_NEWEST,
        /** The stand-in as inference cards, whose activations are fp16, with the operators of 8.1.RC1. */
        CANN_FP16;

        private static final List<Backend> ON_THIS_THREAD = List.of(REFERENCE, CPU_NATIVE, CPU_VECTOR);

        boolean isCann() {
            return this == CANN_OLDEST || this == CANN_NEWEST || this == CANN_FP16;
        }

        private DeviceGroup npus(int numDevices) {
            Layout layout = this == CANN_NEWEST ? Layout.SPLIT : Layout.WHOLE;
            StandInCann cann = StandInCann.fresh();
            // with the newest, steps of several devices are captured as graphs too
            cann.set("capture_collectives", this == CANN_NEWEST ? 1 : 0);
            if (this == CANN_FP16) {
                cann.setText("soc", "Ascend310P3");
            }
            return new StandInNpus(cann, layout).group(numDevices);
        }

        private Device opened() {
            return switch (this) {
                case REFERENCE -> new ReferenceDevice();
                case CPU_NATIVE -> cpu("native");
                case CPU_VECTOR -> cpu("vector");
                case CANN_OLDEST, CANN_NEWEST, CANN_FP16 ->
                    throw new IllegalStateException("an NPU is opened by the thread that drives it");
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

    /**
     * What every build runs: every checkpoint on both kinds of CPU kernels, every kind of backend, precision and mesh with
     * some of them.
     */
    static List<GoldenSetup> some() {
        List<GoldenSetup> setups = new ArrayList<>();
        for (String checkpoint : List.of("moge-tiny", "embedded-tiny", "moge-w8a8-dynamic", "moge-w8a8-static")) {
            setups.add(new GoldenSetup(Backend.REFERENCE, checkpoint, WeightPrecision.FLOAT32));
        }
        for (Backend backend : List.of(Backend.CPU_NATIVE, Backend.CPU_VECTOR)) {
            setups.add(new GoldenSetup(backend, "moge-tiny", WeightPrecision.FLOAT32));
            setups.add(new GoldenSetup(backend, "moge-tiny", WeightPrecision.INT8));
            setups.add(new GoldenSetup(backend, "embedded-tiny", WeightPrecision.INT8));
            for (String checkpoint : GoldenCheckpoint.NAMES) {
                setups.add(new GoldenSetup(backend, checkpoint, WeightPrecision.BFLOAT16));
            }
            for (String checkpoint : GoldenCheckpoint.QUANTIZED_NAMES) {
                setups.add(new GoldenSetup(backend, checkpoint, WeightPrecision.FLOAT32));
            }
            setups.add(new GoldenSetup(backend, "moge-mesh", WeightPrecision.BFLOAT16, 4));
        }
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-tiny", WeightPrecision.BFLOAT16, 2));
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh-128", WeightPrecision.FLOAT32, 8));
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh-128", WeightPrecision.INT8, 8));
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh-w8a8", WeightPrecision.FLOAT32, 4));
        setups.add(new GoldenSetup(Backend.CPU_VECTOR, "moge-w8a8-static", WeightPrecision.FLOAT32, 2));
        setups.add(new GoldenSetup(Backend.CANN_OLDEST, "moge-mesh", WeightPrecision.BFLOAT16));
        setups.add(new GoldenSetup(Backend.CANN_NEWEST, "moge-mesh-128", WeightPrecision.BFLOAT16, 4));
        setups.add(new GoldenSetup(Backend.CANN_NEWEST, "moge-w8a8-static", WeightPrecision.BFLOAT16, 2));
        setups.add(new GoldenSetup(Backend.CANN_FP16, "moge-tiny", WeightPrecision.BFLOAT16));
        return setups;
    }

    /**
     * Every float checkpoint in every precision and every quantised one, on the reference and on both kinds of CPU kernels,
     * then on every mesh that the checkpoint fits.
     */
    static List<GoldenSetup> onCpus() {
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
        for (int numDevices : new int[] {2, 4, 8}) {
            setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh-w8a8", WeightPrecision.FLOAT32, numDevices));
        }
        setups.add(new GoldenSetup(Backend.CPU_NATIVE, "moge-mesh-w8a8", WeightPrecision.BFLOAT16, 4));
        setups.add(new GoldenSetup(Backend.CPU_VECTOR, "moge-mesh-w8a8", WeightPrecision.FLOAT32, 8));
        for (Backend backend : List.of(Backend.CPU_NATIVE, Backend.CPU_VECTOR)) {
            setups.add(new GoldenSetup(backend, "moge-w8a8-static", WeightPrecision.FLOAT32, 2));
            setups.add(new GoldenSetup(backend, "moge-w8a8-dynamic", WeightPrecision.FLOAT32, 2));
        }
        return setups;
    }

    /** On the stand-in; matrices in fp32 are for tests of CPUs. */
    static List<GoldenSetup> onNpus() {
        List<GoldenSetup> setups = new ArrayList<>();
        for (Backend backend : List.of(Backend.CANN_OLDEST, Backend.CANN_NEWEST)) {
            for (String checkpoint : GoldenCheckpoint.NAMES) {
                setups.add(new GoldenSetup(backend, checkpoint, WeightPrecision.BFLOAT16));
            }
            for (String checkpoint : List.of("moge-mesh", "moge-mesh-128")) {
                for (int numDevices : new int[] {2, 4, 8}) {
                    setups.add(new GoldenSetup(backend, checkpoint, WeightPrecision.BFLOAT16, numDevices));
                }
            }
            setups.add(new GoldenSetup(backend, "moge-tiny", WeightPrecision.BFLOAT16, 2));
            setups.addAll(quantisedOn(backend));
        }
        setups.addAll(quantisedOn(Backend.CANN_FP16));
        setups.add(new GoldenSetup(Backend.CANN_FP16, "moge-tiny", WeightPrecision.BFLOAT16));
        setups.add(new GoldenSetup(Backend.CANN_FP16, "moge-mesh", WeightPrecision.BFLOAT16, 2));
        setups.add(new GoldenSetup(Backend.CANN_OLDEST, "moge-mesh", WeightPrecision.INT8, 1));
        setups.add(new GoldenSetup(Backend.CANN_NEWEST, "moge-mesh-128", WeightPrecision.INT8, 8));
        setups.add(new GoldenSetup(Backend.CANN_NEWEST, "moge-tiny", WeightPrecision.INT8, 1));
        return setups;
    }

    /** What Ascend's quantiser wrote, on as many NPUs as its heads divide by. */
    private static List<GoldenSetup> quantisedOn(Backend backend) {
        List<GoldenSetup> setups = new ArrayList<>();
        for (int numDevices : new int[] {1, 2}) {
            setups.add(new GoldenSetup(backend, "moge-w8a8-dynamic", WeightPrecision.BFLOAT16, numDevices));
            setups.add(new GoldenSetup(backend, "moge-w8a8-static", WeightPrecision.BFLOAT16, numDevices));
        }
        for (int numDevices : new int[] {1, 2, 4, 8}) {
            setups.add(new GoldenSetup(backend, "moge-mesh-w8a8", WeightPrecision.BFLOAT16, numDevices));
        }
        return setups;
    }

    private static List<GoldenSetup> onOneDevice() {
        List<GoldenSetup> setups = new ArrayList<>();
        for (Backend backend : Backend.ON_THIS_THREAD) {
            for (String checkpoint : GoldenCheckpoint.QUANTIZED_NAMES) {
                // Int8 on load is bf16 here: the head, which it leaves alone, is the one large float matrix.
                setups.add(new GoldenSetup(backend, checkpoint, WeightPrecision.FLOAT32));
                setups.add(new GoldenSetup(backend, checkpoint, WeightPrecision.BFLOAT16));
            }
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

    /** Whether the mesh's threads open the devices. */
    boolean isOnMesh() {
        return numDevices > 1 || backend.isCann();
    }

    /** Whether a row has the same bits whatever the batch: the operators of NPUs choose how to sum by the shape. */
    boolean keepsBits() {
        return !backend.isCann();
    }

    /** The model on several devices; aborts the test, with the reason, where this machine has none. */
    LanguageModel loadOnMesh() {
        if (backend.isCann()) {
            return load(DeviceMesh.open(backend.npus(numDevices), MeshLimits.DEFAULT));
        }
        backend.open().close();
        DeviceOptions options = new DeviceOptions(List.of(), numDevices, 2, backend.kernels());
        return load(DeviceMesh.open(new CpuDeviceProvider().choose(options), MeshLimits.DEFAULT));
    }

    /**
     * Whether more than the logits of one pass can tell more than it costs: on the reference device precisions differ in how
     * products round, which logits show.
     */
    boolean isWorthAskingFurther() {
        return backend != Backend.REFERENCE || precision == WeightPrecision.FLOAT32;
    }

    /**
     * Whether another way than one pass can tell more than it costs: the reference's plain loops treat all precisions and
     * all row counts alike, there it is the decoder that is tested, by one mixed batch beside the greedy decoding.
     */
    boolean isWorthRepeating(long variant) {
        if (backend.isCann()) {
            return numDevices == 1 && (variant == 1 || variant == 7);
        }
        if (numDevices > 1) {
            // On the kernels it was tried on one device; here it is the sums over ranks that must not depend on the
            // batch.
            return isQuantized()
                    ? precision == WeightPrecision.FLOAT32 && variant == 7
                    : precision == WeightPrecision.BFLOAT16 && (variant == 7 || variant == 2);
        }
        if (isQuantized() && (precision != WeightPrecision.FLOAT32 || !QUANTIZED_VARIANTS.contains(variant))) {
            // In bf16 only the head differs, and float checkpoints have that as well.
            return false;
        }
        return backend != Backend.REFERENCE || (precision == WeightPrecision.FLOAT32 && variant == 2);
    }

    /** Whether the checkpoint is in Ascend's format. */
    boolean isQuantized() {
        return GoldenCheckpoint.QUANTIZED_NAMES.contains(checkpoint);
    }

    /** Whether activations are int8 somewhere, so that a token may be another where the reference's two best lie close. */
    boolean isInt8() {
        return isQuantized() || precision == WeightPrecision.INT8;
    }

    /**
     * Whether ranks that hold a slice of a layer's inputs scale them by the largest of their slice, where the reference takes
     * that of the whole row: finer steps than the reference's, so every position is a little off.
     */
    private boolean isScaledByRank() {
        return numDevices > 1 && checkpoint.equals("moge-w8a8-dynamic");
    }

    /** Largest relative error of a position's logits. */
    double logitBound() {
        if (isQuantized() && precision == WeightPrecision.FLOAT32 && !isScaledByRank()) {
            double own = QUANTIZED_FP32.getOrDefault(checkpoint, 0.0);
            return 1.5 * (backend == Backend.REFERENCE ? own : Math.max(own, LARGEST_FLIP));
        }
        if (isQuantized() && !backend.isCann()) {
            return 1.5 * QUANTIZED_BF16_INPUTS.getOrDefault(checkpoint, 0.0);
        }
        return switch (precision) {
            case FLOAT32 -> 1e-5;
            case BFLOAT16 -> 1.5 * rounding();
            case INT8 -> 1.5 * (INT8_BODY.getOrDefault(checkpoint, 0.0) + (backend.isCann() ? rounding() : 0));
        };
    }

    /**
     * Share of positions that may be off by more than fp32 costs a float model: those that a flip has reached, which are
     * few. All of them where a matrix is rounded to bf16 or quantised on load, or where steps are not the reference's.
     */
    double flippedShare() {
        if (precision != WeightPrecision.FLOAT32 || isScaledByRank()) {
            return 1;
        }
        return isQuantized() ? 0.2 : 0;
    }

    private double rounding() {
        double bf16 = (backend.isCann() ? BF16_EVERYWHERE : BF16_INPUTS).getOrDefault(checkpoint, 0.0);
        // fp16 has three bits more; but that changes little where inputs are rounded to int8 in any case.
        return backend == Backend.CANN_FP16 && !isInt8() ? bf16 / 8 : bf16;
    }

    /** Largest relative error of an embedding. */
    double embeddingBound() {
        if (isQuantized()) {
            // The README's figure is for matmul inputs in bf16 only.
            return backend.isCann() ? 1.5 * 0.03 : 0.03;
        }
        return switch (precision) {
            case FLOAT32 -> 1e-5;
            case BFLOAT16 -> 0.03;
            case INT8 -> 0.1;
        };
    }

    /** Largest error of a token's log-probability. */
    double scoreBound() {
        if (isQuantized() && backend.isCann()) {
            // The README has none for every intermediate in bf16: what the bound of the logits leaves a token of few
            // sigmas.
            return 3.5 * logitBound();
        }
        if (isQuantized()) {
            return isScaledByRank() ? 0.3 : 0.1;
        }
        return switch (precision) {
            case FLOAT32 -> 1e-4;
            case BFLOAT16 -> backend.isCann() ? 1.5 * 0.1 : 0.1;
            case INT8 -> 0.5;
        };
    }

    @Override
    public String toString() {
        return checkpoint + " " + precision + " on " + backend + (numDevices > 1 ? " x " + numDevices : "");
    }
}
