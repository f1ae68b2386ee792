package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import io.pangu.runtime.backend.cann.ffi.AclnnOps;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.MallocPolicy;
import io.pangu.runtime.backend.cann.ffi.MemcpyKind;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * A device for one probe: tensors on it, one operator at a time, results held against what they should be. Used by the thread
 * that has set the device. Closing gives everything back in the opposite order.
 */
final class ProbeDevice implements AutoCloseable {
    private final CannBindings cann;
    private final Acl.Stream stream;
    private final AclDataType floats;
    private final int timeoutMillis;
    private final Arena arena = Arena.ofConfined();
    private final OpPlan plan = new OpPlan(arena);
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private double largestError;

    /**
     * Nothing on the device yet.
     *
     * @param stream where operators are put
     * @param floats the element type in which the engine computes on this kind of NPU
     * @param timeoutMillis longest wait for the stream
     */
    ProbeDevice(CannBindings cann, Acl.Stream stream, AclDataType floats, int timeoutMillis) {
        this.cann = cann;
        this.stream = stream;
        this.floats = floats;
        this.timeoutMillis = timeoutMillis;
    }

    AclnnOps ops() {
        return cann.ops();
    }

    boolean has(AclnnOperator op) {
        return cann.ops().has(op);
    }

    /** What operators are planned into; one at a time. */
    OpPlan plan() {
        return plan;
    }

    /** The element type in which the engine computes. */
    AclDataType type() {
        return floats;
    }

    /** Multiples of 1/64 from -1 to 1, the same for the same seed; every float type has them exactly. */
    static double[] numbers(long seed, int count) {
        Random random = new Random(seed);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = (random.nextInt(129) - 64) / 64.0;
        }
        return values;
    }

    /** A tensor of such multiples, in the engine's type. */
    Operand random(long seed, long... dims) {
        return of(floats, numbers(seed, count(dims)), dims);
    }

    /** A tensor of these values in the engine's type. */
    Operand floats(double[] values, long... dims) {
        return of(floats, values, dims);
    }

    /** A tensor of these values, rounded to the type. */
    Operand of(AclDataType type, double[] values, long... dims) {
        Operand operand = empty(type, dims);
        MemorySegment host = arena.allocate(Math.max(1, operand.bytes()), Long.BYTES);
        for (int i = 0; i < values.length; i++) {
            Floats.put(host, type, i, values[i]);
            operand.values()[i] = Floats.get(host, type, i);
        }
        copy(operand.address(), host.address(), operand.bytes(), MemcpyKind.HOST_TO_DEVICE);
        return operand;
    }

    /** A tensor of truth values, one byte each. */
    Operand mask(byte[] values, long... dims) {
        AclTensors.View view = AclTensors.View.dense(AclDataType.BOOL, dims);
        long address = malloc(values.length);
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_BYTE, values);
        copy(address, host.address(), values.length, MemcpyKind.HOST_TO_DEVICE);
        return new Operand(tensor(view, address), view, address, values.length, new double[0]);
    }

    /** A tensor of undefined content in the engine's type. */
    Operand empty(long... dims) {
        return empty(floats, dims);
    }

    /** A tensor of undefined content. */
    Operand empty(AclDataType type, long... dims) {
        int elements = count(dims);
        AclTensors.View view = AclTensors.View.dense(type, dims);
        long address = malloc((long) elements * type.bytes());
        return new Operand(tensor(view, address), view, address, elements, new double[elements]);
    }

    /** Another view of memory that is there. */
    Acl.Tensor tensor(AclTensors.View view, long address) {
        Acl.Tensor tensor = cann.tensors().createTensor(view, address);
        undo.push(() -> cann.tensors().destroyTensor(tensor));
        return tensor;
    }

    /** A list of one tensor. */
    Acl.TensorList list(Operand operand) {
        return list(operand.view(), operand.address());
    }

    /** A list of one view of memory that is there. */
    Acl.TensorList list(AclTensors.View view, long address) {
        return listed(List.of(cann.tensors().createTensor(view, address)));
    }

    /** Two tensors as one argument. */
    Acl.TensorList list(Operand first, Operand second) {
        Acl.Tensor one = cann.tensors().createTensor(first.view(), first.address());
        Acl.Tensor two;
        try {
            two = cann.tensors().createTensor(second.view(), second.address());
        } catch (CannException e) {
            cann.tensors().destroyTensor(one);
            throw e;
        }
        return listed(List.of(one, two));
    }

    /** Takes tensors over into a list. */
    private Acl.TensorList listed(List<Acl.Tensor> tensors) {
        Acl.TensorList list;
        try {
            list = cann.tensors().createTensorList(tensors);
        } catch (CannException e) {
            tensors.forEach(cann.tensors()::destroyTensor);
            throw e;
        }
        undo.push(() -> cann.tensors().destroyTensorList(list));
        return list;
    }

    Acl.IntArray ints(long... values) {
        Acl.IntArray array = cann.tensors().createIntArray(values);
        undo.push(() -> cann.tensors().destroyIntArray(array));
        return array;
    }

    Acl.Scalar scalar(double value) {
        Acl.Scalar scalar = cann.tensors().createScalar((float) value);
        undo.push(() -> cann.tensors().destroyScalar(scalar));
        return scalar;
    }

    Acl.Scalar scalar(long value) {
        Acl.Scalar scalar = cann.tensors().createScalar(value);
        undo.push(() -> cann.tensors().destroyScalar(scalar));
        return scalar;
    }

    /** Elements that a matrix takes once it lies in blocks. */
    long blockedElements(AclDataType type, long k, long n) {
        return cann.tensors().matmulWeightElements(ints(k, n), type);
    }

    /** Device memory of undefined content, given back with the device. */
    long malloc(long bytes) {
        long address = cann.memory().malloc(Math.max(1, bytes), MallocPolicy.HUGE_FIRST);
        undo.push(() -> cann.memory().free(address));
        return address;
    }

    /** Launches what has been planned and waits for it. */
    void run() {
        long bytes = plan.workspaceBytes();
        long workspace;
        try {
            workspace = bytes == 0 ? 0 : malloc(bytes);
        } catch (CannException e) {
            discard(e);
            throw e;
        }
        cann.ops().launch(plan, workspace, stream);
        cann.streams().synchronize(stream, timeoutMillis);
    }

    private void discard(CannException cause) {
        try {
            cann.executors().discard(plan.executor());
        } catch (CannException leak) {
            cause.addSuppressed(leak);
        }
    }

    /** What a tensor holds now. */
    double[] read(Operand operand) {
        MemorySegment host = arena.allocate(Math.max(1, operand.bytes()), Long.BYTES);
        copy(host.address(), operand.address(), operand.bytes(), MemcpyKind.DEVICE_TO_HOST);
        double[] values = new double[operand.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Floats.get(host, operand.view().dataType(), i);
        }
        return values;
    }

    private void copy(long to, long from, long bytes, MemcpyKind kind) {
        if (bytes > 0) {
            cann.memory().memcpy(to, bytes, from, bytes, kind);
        }
    }

    /** Holds a result against what it should be, within some roundings of its type; whole numbers exactly. */
    void expect(String name, Operand actual, double... expected) {
        expectWithin(Floats.tolerance(actual.view().dataType()), name, actual, expected);
    }

    /**
     * Holds a result against what it should be.
     *
     * @param tolerance how far off it may be, as a part of the largest expected element
     * @throws ProbeMismatch for the element that is furthest off, when that is too far
     */
    void expectWithin(double tolerance, String name, Operand actual, double... expected) {
        double[] values = read(actual);
        if (values.length != expected.length) {
            throw new IllegalStateException(values.length + " elements, " + expected.length + " expected");
        }
        double scale = 0;
        int worst = 0;
        for (int i = 0; i < expected.length; i++) {
            scale = Math.max(scale, Math.abs(expected[i]));
            worst = isWorse(values[i] - expected[i], values[worst] - expected[worst]) ? i : worst;
        }
        double error = Math.abs(values[worst] - expected[worst]);
        if (!(error <= tolerance * scale)) {
            throw new ProbeMismatch(
                    "%s[%d] is %.6g and should be %.6g (within %.2g)"
                            .formatted(name, worst, values[worst], expected[worst], tolerance * scale),
                    error);
        }
        largestError = Math.max(largestError, error);
    }

    private static boolean isWorse(double error, double thanError) {
        return !Double.isNaN(thanError) && !(Math.abs(error) <= Math.abs(thanError));
    }

    /** The furthest that any result was off. */
    double largestError() {
        return largestError;
    }

    static int count(long... dims) {
        long count = 1;
        for (long dim : dims) {
            count *= dim;
        }
        return Math.toIntExact(count);
    }

    @Override
    public void close() {
        CannException failure = null;
        while (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } catch (CannException e) {
                failure = e;
            }
        }
        arena.close();
        if (failure != null) {
            throw failure;
        }
    }
}
