package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.NativeText;
import org.jspecify.annotations.Nullable;

/** What the engine asks of operators for layers whose inputs are quantised in fixed steps, besides what others ask. */
final class FixedStepProbes {
    private static final int M = LinearProbes.M;
    private static final int K = LinearProbes.K;
    private static final int N = LinearProbes.N;

    private FixedStepProbes() {}

    /** By {@code aclnnAscendQuant} in fp32, with an offset; products that are no halves. */
    static void quantise(ProbeDevice device) {
        double[] values = {0.5, -1.25, 3, 100, 0.0625, -3, -100, 0};
        Operand x = device.of(AclDataType.FLOAT32, values, 2, 4);
        Operand factor = device.of(AclDataType.FLOAT32, new double[] {33.3125}, 1);
        Operand offset = device.of(AclDataType.FLOAT32, new double[] {-7}, 1);
        Operand y = device.empty(AclDataType.INT8, 2, 4);
        device.ops()
                .quant()
                .ascendQuant(
                        device.plan(),
                        x.tensor(),
                        factor.tensor(),
                        offset.tensor(),
                        false,
                        NativeText.of("round"),
                        AclDataType.INT8,
                        y.tensor());
        device.run();
        double[] expected = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            expected[i] = Quantised.clamp(Math.rint(values[i] * 33.3125 - 7));
        }
        device.expect("y of fp32", y, expected);
    }

    /** A product with a bias, as the engine asks for results of its type. */
    static void product(ProbeDevice device, boolean isNewer) {
        if (device.type() == AclDataType.FLOAT16) {
            biasOfSums(device, isNewer);
        } else if (isNewer) {
            biasOfResults(device);
        } else {
            wholeSums(device);
        }
    }

    /** Whole numbers added to the sums, then scales of columns and rows. */
    private static void biasOfSums(ProbeDevice device, boolean isNewer) {
        Product p = new Product(device);
        Operand scale = device.of(AclDataType.FLOAT32, Int8.scales(121, N), N);
        Operand ones = device.of(AclDataType.FLOAT32, new double[] {1, 1, 1}, M);
        Operand bias = wholeBias(device);
        Operand out = device.empty(M, N);
        if (isNewer) {
            p.newer(device, scale, ones, bias, out);
        } else {
            p.older(device, scale, ones, bias, out);
        }
        double[] expected = p.sums();
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (expected[i] + bias.values()[i % N]) * scale.values()[i % N];
        }
        device.expect("biased out", out, expected);
    }

    /** Whole sums with a whole bias, whatever becomes of a scale of one. */
    private static void wholeSums(ProbeDevice device) {
        Product p = new Product(device);
        Operand unit = device.of(AclDataType.FLOAT32, new double[] {1}, 1);
        Operand bias = wholeBias(device);
        Operand out = device.empty(AclDataType.INT32, M, N);
        p.older(device, unit, null, bias, out);
        double[] expected = p.sums();
        for (int i = 0; i < expected.length; i++) {
            expected[i] += bias.values()[i % N];
        }
        device.expect("whole out", out, expected);
    }

    private static Operand wholeBias(ProbeDevice device) {
        double[] whole = new double[N];
        for (int j = 0; j < N; j++) {
            whole[j] = 1000 * j - 16_000;
        }
        return device.of(AclDataType.INT32, whole, N);
    }

    /** Scaled sums with a bias in fp32, into bf16. */
    private static void biasOfResults(ProbeDevice device) {
        Product p = new Product(device);
        Operand scale = device.of(AclDataType.FLOAT32, Int8.scales(121, N), N);
        Operand bias = device.of(AclDataType.FLOAT32, ProbeDevice.numbers(122, N), N);
        Operand out = device.empty(M, N);
        p.newer(device, scale, null, bias, out);
        double[] expected = p.sums();
        for (int i = 0; i < expected.length; i++) {
            expected[i] = expected[i] * scale.values()[i % N] + bias.values()[i % N];
        }
        device.expect("biased out", out, expected);
    }

    /** The integers of a product. */
    private record Product(Operand x, Operand w) {
        Product(ProbeDevice device) {
            this(
                    device.of(AclDataType.INT8, Int8.numbers(119, M * K), M, K),
                    device.of(AclDataType.INT8, Int8.numbers(120, K * N), K, N));
        }

        double[] sums() {
            return LinearProbes.product(x.values(), w.values(), M, K, N, false);
        }

        void older(ProbeDevice device, Operand scale, @Nullable Operand rowScale, Operand bias, Operand out) {
            device.ops()
                    .quant()
                    .quantMatmulV4(
                            device.plan(),
                            x.tensor(),
                            w.tensor(),
                            scale.tensor(),
                            null,
                            rowScale == null ? null : rowScale.tensor(),
                            bias.tensor(),
                            false,
                            false,
                            out.tensor());
            device.run();
        }

        void newer(ProbeDevice device, Operand scale, @Nullable Operand rowScale, Operand bias, Operand out) {
            device.ops()
                    .quant()
                    .quantMatmulV5(
                            device.plan(),
                            x.tensor(),
                            w.tensor(),
                            rowScale == null ? null : rowScale.tensor(),
                            scale.tensor(),
                            bias.tensor(),
                            false,
                            false,
                            0,
                            out.tensor());
            device.run();
        }
    }
}
