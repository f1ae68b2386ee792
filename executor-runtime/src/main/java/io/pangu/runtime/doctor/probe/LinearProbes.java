package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclFormat;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.Arrays;
import java.util.List;

/** Matrix products, and matrices laid out for the matrix unit. */
final class LinearProbes {
    /** Rows, inner and outer extent of a product. */
    static final int M = 3;

    static final int K = 64;
    static final int N = 32;

    /** Keep the elements' precision. */
    private static final byte EXACT = 0;

    private LinearProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.MM, LinearProbes::mm),
                new OperatorProbe(AclnnOperator.MATMUL, LinearProbes::matmul),
                new OperatorProbe(AclnnOperator.BATCH_MAT_MUL, LinearProbes::batch),
                new OperatorProbe(AclnnOperator.ADDMM, LinearProbes::addmm),
                new OperatorProbe(AclnnOperator.NPU_FORMAT_CAST, LinearProbes::formatCast),
                new OperatorProbe(AclnnOperator.TRANS_MATMUL_WEIGHT, LinearProbes::transWeight),
                new OperatorProbe(AclnnOperator.MATMUL_WEIGHT_NZ, LinearProbes::weightInBlocks));
    }

    /** {@code x w} with {@code w} stored (k, n), or (n, k) when it is transposed. */
    static double[] product(double[] x, double[] w, int m, int k, int n, boolean isTransposed) {
        double[] out = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int t = 0; t < k; t++) {
                    out[i * n + j] += x[i * k + t] * w[isTransposed ? j * k + t : t * n + j];
                }
            }
        }
        return out;
    }

    /** With the weight as a checkpoint stores it, as a transposed view. */
    private static void mm(ProbeDevice device) {
        Operand x = device.random(40, M, K);
        Operand w = device.random(41, N, K);
        Operand out = device.empty(M, N);
        Acl.Tensor transposed = device.tensor(w.view().transposed(), w.address());
        device.ops().linear().mm(device.plan(), x.tensor(), transposed, out.tensor(), EXACT);
        device.run();
        device.expect("out", out, product(x.values(), w.values(), M, K, N, true));
    }

    private static void matmul(ProbeDevice device) {
        Operand x = device.random(42, 1, M, K);
        Operand w = device.random(43, K, N);
        Operand out = device.empty(1, M, N);
        device.ops().linear().matmul(device.plan(), x.tensor(), w.tensor(), out.tensor(), EXACT);
        device.run();
        device.expect("out", out, product(x.values(), w.values(), M, K, N, false));
    }

    private static void batch(ProbeDevice device) {
        Operand x = device.random(44, 2, M, K);
        Operand w = device.random(45, 2, K, N);
        Operand out = device.empty(2, M, N);
        device.ops().linear().batchMatMul(device.plan(), x.tensor(), w.tensor(), out.tensor(), EXACT);
        device.run();
        double[] expected = new double[2 * M * N];
        for (int b = 0; b < 2; b++) {
            double[] part = product(
                    Arrays.copyOfRange(x.values(), b * M * K, (b + 1) * M * K),
                    Arrays.copyOfRange(w.values(), b * K * N, (b + 1) * K * N),
                    M,
                    K,
                    N,
                    false);
            System.arraycopy(part, 0, expected, b * M * N, M * N);
        }
        device.expect("out", out, expected);
    }

    private static void addmm(ProbeDevice device) {
        Operand bias = device.random(46, N);
        Operand x = device.random(47, M, K);
        Operand w = device.random(48, N, K);
        Operand out = device.empty(M, N);
        device.ops()
                .linear()
                .addmm(
                        device.plan(),
                        bias.tensor(),
                        x.tensor(),
                        device.tensor(w.view().transposed(), w.address()),
                        device.scalar(1.0),
                        device.scalar(1.0),
                        out.tensor(),
                        EXACT);
        device.run();
        double[] expected = product(x.values(), w.values(), M, K, N, true);
        for (int i = 0; i < expected.length; i++) {
            expected[i] += bias.values()[i % N];
        }
        device.expect("out", out, expected);
    }

    /** Where the blocks have an element: {@code (n / width, k / 16, 16, width)}, a block row being 32 bytes. */
    private static double[] inBlocks(double[] w, int width) {
        double[] out = new double[K * N];
        for (int k = 0; k < K; k++) {
            for (int n = 0; n < N; n++) {
                out[((n / width * (K / 16) + k / 16) * 16 + k % 16) * width + n % width] = w[k * N + n];
            }
        }
        return out;
    }

    /** A view of blocks as the matrices (extents before, k, n) that they hold. */
    static AclTensors.View blocks(AclDataType type, long... dims) {
        int last = dims.length - 1;
        int width = 32 / type.bytes();
        long[] storage = Arrays.copyOf(dims, dims.length + 2);
        storage[last - 1] = dims[last] / width;
        storage[last] = dims[last - 1] / 16;
        storage[last + 1] = 16;
        storage[last + 2] = width;
        AclTensors.View dense = AclTensors.View.dense(type, dims);
        return new AclTensors.View(type, AclFormat.FRACTAL_NZ, dims, dense.strides(), 0, storage);
    }

    /** A matrix (k, n) of the engine's type laid out in blocks by the operator that does so. */
    private static Operand castToBlocks(ProbeDevice device, Operand w) {
        Operand room = device.empty(K * N);
        Acl.Tensor target = device.tensor(blocks(device.type(), K, N), room.address());
        device.ops().linear().npuFormatCast(device.plan(), w.tensor(), target);
        device.run();
        return room;
    }

    private static void formatCast(ProbeDevice device) {
        Operand w = device.random(49, K, N);
        device.expect("dstTensor", castToBlocks(device, w), inBlocks(w.values(), 16));
    }

    /** An int8 matrix in place, as checkpoints of Ascend's quantiser have them. */
    private static void transWeight(ProbeDevice device) {
        double[] values = Int8.numbers(50, K * N);
        Operand room = transposedInPlace(device, values, 1);
        device.expect("mmWeightRef", room, inBlocks(values, 32));
    }

    /** Int8 matrices (n matrices, k, n), each laid out in blocks in its place. */
    static Operand transposedInPlace(ProbeDevice device, double[] values, int matrices) {
        long elements = device.blockedElements(AclDataType.INT8, K, (long) values.length / matrices / K);
        Operand room = device.of(AclDataType.INT8, values, (long) matrices * elements);
        for (int i = 0; i < matrices; i++) {
            long n = (long) values.length / matrices / K;
            AclTensors.View plain = new AclTensors.View(
                    AclDataType.INT8, AclFormat.ND, new long[] {K, n}, new long[] {n, 1}, 0, new long[] {elements});
            Acl.Tensor matrix = device.tensor(plain, room.address() + i * elements);
            device.ops().linear().transMatmulWeight(device.plan(), matrix);
            device.run();
        }
        return room;
    }

    private static void weightInBlocks(ProbeDevice device) {
        Operand x = device.random(51, M, K);
        Operand w = device.random(52, K, N);
        Operand room;
        if (device.has(AclnnOperator.NPU_FORMAT_CAST)) {
            room = castToBlocks(device, w);
        } else {
            room = device.floats(inBlocks(w.values(), 16), K * N);
        }
        Operand out = device.empty(M, N);
        device.ops()
                .linear()
                .matmulWeightNz(
                        device.plan(),
                        x.tensor(),
                        device.tensor(blocks(device.type(), K, N), room.address()),
                        out.tensor(),
                        EXACT);
        device.run();
        device.expect("out", out, product(x.values(), w.values(), M, K, N, false));
    }
}
