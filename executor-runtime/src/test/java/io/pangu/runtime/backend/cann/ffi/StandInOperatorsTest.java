package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Descriptors, both phases of operators, repeatable executors and graphs on the stand-in. */
class StandInOperatorsTest {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private OneDevice open(Layout layout) {
        return new OneDevice(standIn.cann().bindings(layout), 0);
    }

    private static float[] random(int seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    /** {@code a (m, k) b (k, n)} in doubles. */
    private static double[] product(float[] a, float[] b, int m, int k, int n) {
        double[] out = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int t = 0; t < k; t++) {
                    out[i * n + j] += (double) a[i * k + t] * b[t * n + j];
                }
            }
        }
        return out;
    }

    private static void assertNear(float[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("element %s", i).isCloseTo(expected[i], within(1e-5));
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void aProductOfMatricesIsRight(Layout layout) {
        try (OneDevice device = open(layout)) {
            float[] a = random(1, 3 * 20);
            float[] b = random(2, 20 * 5);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 3, 5);
            device.cann
                    .ops()
                    .linear()
                    .mm(
                            device.plan,
                            device.floats(a, 3, 20).tensor(),
                            device.floats(b, 20, 5).tensor(),
                            out.tensor(),
                            (byte) 0);
            assertThat(device.plan.operator()).isEqualTo(AclnnOperator.MM);
            device.run();
            assertNear(device.read(out), product(a, b, 3, 20, 5));
        }
    }

    @Test
    void aTransposedViewNeedsNoCopy() {
        try (OneDevice device = open(Layout.WHOLE)) {
            float[] a = random(3, 4 * 8);
            float[] stored = {1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3}; // (2, 8): what a linear layer stores
            float[] asUsed = new float[8 * 2];
            for (int i = 0; i < 8; i++) {
                asUsed[i * 2] = stored[i];
                asUsed[i * 2 + 1] = stored[8 + i];
            }
            OneDevice.OnDevice weight = device.floats(stored, 2, 8);
            AclTensors tensors = device.cann.tensors();
            Acl.Tensor transposed = tensors.createTensor(
                    AclTensors.View.dense(AclDataType.FLOAT32, 2, 8).transposed(), weight.address());
            assertThat(tensors.viewShapeOf(transposed)).containsExactly(8, 2);
            assertThat(tensors.viewStridesOf(transposed)).containsExactly(1, 8);
            assertThat(tensors.storageShapeOf(transposed)).containsExactly(2, 8);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 4, 2);
            device.cann.ops().linear().mm(device.plan, device.floats(a, 4, 8).tensor(), transposed, out.tensor(), (byte)
                    0);
            device.run();
            assertNear(device.read(out), product(a, asUsed, 4, 8, 2));
            tensors.destroyTensor(transposed);
        }
    }

    @Test
    void aNormWritesItsReciprocalRootToo() {
        try (OneDevice device = open(Layout.SPLIT)) {
            float[] x = random(4, 2 * 16);
            float[] gamma = random(5, 16);
            OneDevice.OnDevice y = device.empty(AclDataType.FLOAT32, 2, 16);
            OneDevice.OnDevice rstd = device.empty(AclDataType.FLOAT32, 2, 1);
            device.cann
                    .ops()
                    .norm()
                    .rmsNorm(
                            device.plan,
                            device.floats(x, 2, 16).tensor(),
                            device.floats(gamma, 16).tensor(),
                            1e-5,
                            y.tensor(),
                            rstd.tensor());
            device.run();
            double[] expected = new double[32];
            double[] roots = new double[2];
            for (int row = 0; row < 2; row++) {
                double sum = 0;
                for (int i = 0; i < 16; i++) {
                    sum += (double) x[row * 16 + i] * x[row * 16 + i];
                }
                roots[row] = 1 / Math.sqrt(sum / 16 + 1e-5);
                for (int i = 0; i < 16; i++) {
                    expected[row * 16 + i] = x[row * 16 + i] * roots[row] * gamma[i];
                }
            }
            assertNear(device.read(y), expected);
            assertNear(device.read(rstd), roots);
        }
    }

    @Test
    void argumentsThatDoNotFitAreRefusedInWords() {
        try (OneDevice device = open(Layout.WHOLE)) {
            OneDevice.OnDevice a = device.empty(AclDataType.FLOAT32, 3, 20);
            OneDevice.OnDevice b = device.empty(AclDataType.FLOAT32, 21, 5);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 3, 5);
            CannException e = catchThrowableOfType(
                    CannException.class,
                    () -> device.cann.ops().linear().mm(device.plan, a.tensor(), b.tensor(), out.tensor(), (byte) 0));
            assertThat(e.status().orElseThrow().code()).isEqualTo(161002);
            assertThat(e)
                    .hasMessageStartingWith(
                            "aclnnMmGetWorkspaceSize failed with ACLNN_ERR_PARAM_INVALID (161002): the operator does not"
                                    + " take arguments of these types or shapes; CANN says: ");
        }
    }

    @Test
    void aRepeatableExecutorRunsAgainWithItsTensorsElsewhere() {
        try (OneDevice device = open(Layout.WHOLE)) {
            AclExecutors executors = device.cann.executors();
            OneDevice.OnDevice x = device.floats(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 8);
            OneDevice.OnDevice y = device.floats(new float[] {10, 20, 30, 40, 50, 60, 70, 80}, 8);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 8);
            OneDevice.OnDevice elsewhere = device.empty(AclDataType.FLOAT32, 8);
            device.cann.ops().elementwise().neg(device.plan, x.tensor(), out.tensor());
            Acl.Executor executor = device.plan.executor();
            long workspaceBytes = device.plan.workspaceBytes();
            executors.setRepeatable(executor);
            device.run();
            assertThat(device.read(out)).containsExactly(-1, -2, -3, -4, -5, -6, -7, -8);
            executors.setInputAddress(executor, 0, x.tensor(), y.address());
            executors.setOutputAddress(executor, 0, out.tensor(), elsewhere.address());
            long workspace = device.malloc(Math.max(1, workspaceBytes));
            device.cann
                    .ops()
                    .launch(
                            AclnnOperator.NEG,
                            workspaceBytes == 0 ? 0 : workspace,
                            workspaceBytes,
                            executor,
                            device.stream);
            device.cann.streams().synchronize(device.stream, 10_000);
            assertThat(device.read(elsewhere)).containsExactly(-10, -20, -30, -40, -50, -60, -70, -80);
            executors.destroy(executor);
        }
    }

    @Test
    void anExecutorThatIsNotRepeatableServesOnce() {
        try (OneDevice device = open(Layout.WHOLE)) {
            OneDevice.OnDevice x = device.floats(new float[8], 8);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 8);
            device.cann.ops().elementwise().neg(device.plan, x.tensor(), out.tensor());
            device.run();
            CannException e = catchThrowableOfType(CannException.class, device::run);
            assertThat(e.function()).isEqualTo("aclnnNeg");
            assertThat(e).hasMessageContaining("once");
        }
    }

    @Test
    void aPlanThatIsNotLaunchedIsGivenBack() {
        try (OneDevice device = open(Layout.WHOLE)) {
            OneDevice.OnDevice x = device.floats(new float[8], 8);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 8);
            device.cann.ops().elementwise().neg(device.plan, x.tensor(), out.tensor());
            assertThat(standIn.cann().get("live.executors")).isEqualTo(1);
            device.cann.executors().discard(device.plan.executor());
            assertThat(standIn.cann().get("live.executors")).isZero();
        }
    }

    @Test
    void aListOwnsItsTensors() {
        try (OneDevice device = open(Layout.WHOLE)) {
            AclTensors tensors = device.cann.tensors();
            AclTensors.View view = AclTensors.View.dense(AclDataType.FLOAT32, 4);
            long address = device.malloc(64);
            Acl.TensorList list = tensors.createTensorList(
                    List.of(tensors.createTensor(view, address), tensors.createTensor(view, address)));
            assertThat(tensors.sizeOf(list)).isEqualTo(2);
            assertThat(standIn.cann().get("live.tensors")).isEqualTo(2);
            tensors.destroyTensorList(list);
            assertThat(standIn.cann().get("live.tensors")).isZero();
        }
    }

    @Test
    void descriptorsAreWhatTheyWereMadeOf() {
        try (OneDevice device = open(Layout.WHOLE)) {
            AclTensors tensors = device.cann.tensors();
            long address = device.malloc(4096);
            long[] dims = {2, 3, 4};
            AclTensors.View view = new AclTensors.View(
                    AclDataType.BFLOAT16, AclFormat.ND, dims, new long[] {24, 8, 1}, 5, new long[] {64, 8});
            Acl.Tensor tensor = tensors.createTensor(view, address);
            assertThat(tensors.viewShapeOf(tensor)).containsExactly(2, 3, 4);
            assertThat(tensors.viewStridesOf(tensor)).containsExactly(24, 8, 1);
            assertThat(tensors.storageShapeOf(tensor)).containsExactly(64, 8);
            assertThat(tensors.viewOffsetOf(tensor)).isEqualTo(5);
            assertThat(tensors.dataTypeOf(tensor)).isEqualTo(AclDataType.BFLOAT16.code());
            assertThat(tensors.formatOf(tensor)).isEqualTo(AclFormat.ND.code());
            assertThat(tensors.addressOf(tensor)).isEqualTo(address);
            tensors.setAddress(tensor, address + 512);
            assertThat(tensors.addressOf(tensor)).isEqualTo(address + 512);
            tensors.initTensor(tensor, AclTensors.View.dense(AclDataType.INT32, 7), address + 64);
            assertThat(tensors.viewShapeOf(tensor)).containsExactly(7);
            assertThat(tensors.dataTypeOf(tensor)).isEqualTo(AclDataType.INT32.code());
            tensors.destroyTensor(tensor);
            Acl.IntArray ints = tensors.createIntArray(5, 6, 7);
            Acl.FloatArray floats = tensors.createFloatArray(1, 2);
            Acl.BoolArray bools = tensors.createBoolArray(true);
            assertThat(tensors.sizeOf(ints)).isEqualTo(3);
            assertThat(tensors.sizeOf(floats)).isEqualTo(2);
            assertThat(tensors.sizeOf(bools)).isEqualTo(1);
            Acl.ScalarList scalars = tensors.createScalarList(
                    List.of(tensors.createScalar(1L), tensors.createScalar(2), tensors.createScalar(3.0)));
            assertThat(tensors.sizeOf(scalars)).isEqualTo(3);
            tensors.destroyScalarList(scalars);
            tensors.destroyBoolArray(bools);
            tensors.destroyFloatArray(floats);
            tensors.destroyIntArray(ints);
        }
    }

    @Test
    void aScalarArrivesAsItsValue() {
        try (OneDevice device = open(Layout.WHOLE)) {
            OneDevice.OnDevice x = device.floats(new float[] {1, 2, 3}, 3);
            OneDevice.OnDevice out = device.empty(AclDataType.FLOAT32, 3);
            device.cann.ops().elementwise().muls(device.plan, x.tensor(), device.scalar(-2.5f), out.tensor());
            device.run();
            assertThat(device.read(out)).containsExactly(-2.5f, -5, -7.5f);
        }
    }

    @Test
    void capturedOperatorsRunWhenTheGraphDoes() {
        try (OneDevice device = open(Layout.WHOLE)) {
            AclGraphs graphs = device.cann.graphs();
            OneDevice.OnDevice x = device.floats(new float[] {1, 2, 3}, 3);
            OneDevice.OnDevice out = device.floats(new float[] {7, 7, 7}, 3);
            long workspace = device.malloc(64 << 10);
            graphs.captureBegin(device.stream, CaptureMode.THREAD_LOCAL);
            assertThat(graphs.captureStatus(device.stream)).isEqualTo(CaptureStatus.ACTIVE);
            device.cann.ops().elementwise().neg(device.plan, x.tensor(), out.tensor());
            device.cann.ops().launch(device.plan, device.plan.workspaceBytes() == 0 ? 0 : workspace, device.stream);
            Acl.Graph graph = graphs.captureEnd(device.stream);
            assertThat(graphs.captureStatus(device.stream)).isEqualTo(CaptureStatus.NONE);
            assertThat(device.read(out)).containsExactly(7, 7, 7);
            graphs.executeAsync(graph, device.stream);
            device.cann.streams().synchronize(device.stream, 10_000);
            assertThat(device.read(out)).containsExactly(-1, -2, -3);
            graphs.destroy(graph);
        }
    }

    /** Plans and launches {@code out = -x} on a stream. */
    private static void negate(
            OneDevice device, OneDevice.OnDevice x, OneDevice.OnDevice out, long workspace, Acl.Stream stream) {
        device.cann.ops().elementwise().neg(device.plan, x.tensor(), out.tensor());
        device.cann.ops().launch(device.plan, device.plan.workspaceBytes() == 0 ? 0 : workspace, stream);
    }

    @Test
    void aTaskGroupIsUpdatedWithOtherArgumentsBetweenTwoRuns() {
        try (OneDevice device = open(Layout.WHOLE)) {
            AclGraphs graphs = device.cann.graphs();
            AclStreams streams = device.cann.streams();
            OneDevice.OnDevice x = device.floats(new float[] {1, 2}, 2);
            OneDevice.OnDevice y = device.floats(new float[] {10, 20}, 2);
            OneDevice.OnDevice out = device.floats(new float[] {0, 0}, 2);
            long workspace = device.malloc(64 << 10);
            Acl.Stream update = streams.createStream();
            graphs.captureBegin(device.stream, CaptureMode.RELAXED);
            graphs.taskGroupBegin(device.stream);
            negate(device, x, out, workspace, device.stream);
            Acl.TaskGroup group = graphs.taskGroupEnd(device.stream);
            Acl.Graph graph = graphs.captureEnd(device.stream);
            graphs.executeAsync(graph, device.stream);
            streams.synchronize(device.stream, 10_000);
            assertThat(device.read(out)).containsExactly(-1, -2);
            graphs.taskUpdateBegin(update, group);
            negate(device, y, out, workspace, update);
            graphs.taskUpdateEnd(update);
            streams.synchronize(update, 10_000);
            graphs.executeAsync(graph, device.stream);
            streams.synchronize(device.stream, 10_000);
            assertThat(device.read(out)).containsExactly(-10, -20);
            graphs.destroy(graph);
            streams.destroyStream(update);
        }
    }

    @Test
    void aDriverThatIsTooOldForTaskGroupsSaysSo() {
        standIn.cann().set("task_groups", 0);
        try (OneDevice device = open(Layout.WHOLE)) {
            AclGraphs graphs = device.cann.graphs();
            graphs.captureBegin(device.stream, CaptureMode.RELAXED);
            CannException e = catchThrowableOfType(CannException.class, () -> graphs.taskGroupBegin(device.stream));
            assertThat(e.kind()).isEqualTo(StatusKind.UNSUPPORTED);
            graphs.destroy(graphs.captureEnd(device.stream));
        }
    }

    @Test
    void aViewHasNoMoreExtentsThanADescriptorTakes() {
        assertThatThrownBy(() -> AclTensors.View.dense(AclDataType.INT8, 1, 1, 1, 1, 1, 1, 1, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("9 extents");
        assertThatThrownBy(() -> new AclTensors.View(
                        AclDataType.INT8, AclFormat.ND, new long[] {2, 3}, new long[] {1}, 0, new long[] {6}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 extents with 1 strides");
    }

    @Test
    void viewsAreEqualByWhatTheySay() {
        AclTensors.View view = AclTensors.View.dense(AclDataType.BFLOAT16, 2, 3);
        assertThat(view)
                .isEqualTo(AclTensors.View.dense(AclDataType.BFLOAT16, 2, 3))
                .hasSameHashCodeAs(AclTensors.View.dense(AclDataType.BFLOAT16, 2, 3))
                .isNotEqualTo(AclTensors.View.dense(AclDataType.FLOAT16, 2, 3))
                .isNotEqualTo(AclTensors.View.dense(AclDataType.BFLOAT16, 3, 2))
                .isNotEqualTo(AclTensors.View.dense(AclDataType.BFLOAT16, 3, 2).transposed())
                .hasToString("BFLOAT16[2, 3]");
        assertThat(view.transposed().transposed()).isEqualTo(view);
    }
}
