package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A device of a stand-in on the calling thread, with a stream, and tensors of floats, integers and bytes on it. Closing gives
 * everything back in the opposite order.
 */
final class OneDevice implements AutoCloseable {
    final CannBindings cann;
    final Acl.Stream stream;
    final OpPlan plan;

    private final int device;
    private final Arena arena = Arena.ofConfined();
    private final Deque<Runnable> undo = new ArrayDeque<>();

    OneDevice(CannBindings cann, int device) {
        this.cann = cann;
        this.device = device;
        cann.devices().init(null);
        cann.devices().setDevice(device);
        this.stream = cann.streams().createStream();
        this.plan = new OpPlan(arena);
    }

    /** A tensor and its memory. */
    record OnDevice(Acl.Tensor tensor, long address, long bytes) {}

    OnDevice floats(float[] values, long... dims) {
        return upload(arena.allocateFrom(JAVA_FLOAT, values), AclDataType.FLOAT32, dims);
    }

    OnDevice ints(int[] values, long... dims) {
        return upload(arena.allocateFrom(JAVA_INT, values), AclDataType.INT32, dims);
    }

    OnDevice bytes(byte[] values, long... dims) {
        return upload(arena.allocateFrom(JAVA_BYTE, values), AclDataType.INT8, dims);
    }

    OnDevice longs(long[] values, long... dims) {
        return upload(arena.allocateFrom(JAVA_LONG, values), AclDataType.INT64, dims);
    }

    OnDevice bools(byte[] values, long... dims) {
        return upload(arena.allocateFrom(JAVA_BYTE, values), AclDataType.BOOL, dims);
    }

    /** The values rounded to float16. */
    OnDevice halves(float[] values, long... dims) {
        MemorySegment rounded = arena.allocate(JAVA_SHORT, values.length);
        for (int i = 0; i < values.length; i++) {
            rounded.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(values[i]));
        }
        return upload(rounded, AclDataType.FLOAT16, dims);
    }

    /** Another view of memory that is there already. */
    Acl.Tensor view(AclTensors.View view, long address) {
        Acl.Tensor tensor = cann.tensors().createTensor(view, address);
        undo.push(() -> cann.tensors().destroyTensor(tensor));
        return tensor;
    }

    /** A view as a list of one. */
    Acl.TensorList list(AclTensors.View view, long address) {
        Acl.TensorList list =
                cann.tensors().createTensorList(List.of(cann.tensors().createTensor(view, address)));
        undo.push(() -> cann.tensors().destroyTensorList(list));
        return list;
    }

    Acl.IntArray intArray(long... values) {
        Acl.IntArray array = cann.tensors().createIntArray(values);
        undo.push(() -> cann.tensors().destroyIntArray(array));
        return array;
    }

    OnDevice empty(AclDataType type, long... dims) {
        AclTensors.View view = AclTensors.View.dense(type, dims);
        long elements = 1;
        for (long dim : dims) {
            elements *= dim;
        }
        long bytes = elements * type.bytes();
        long address = malloc(bytes);
        Acl.Tensor tensor = cann.tensors().createTensor(view, address);
        undo.push(() -> cann.tensors().destroyTensor(tensor));
        return new OnDevice(tensor, address, bytes);
    }

    private OnDevice upload(MemorySegment values, AclDataType type, long... dims) {
        OnDevice tensor = empty(type, dims);
        cann.memory()
                .memcpy(
                        tensor.address(),
                        tensor.bytes(),
                        values.address(),
                        values.byteSize(),
                        MemcpyKind.HOST_TO_DEVICE);
        return tensor;
    }

    long malloc(long bytes) {
        long address = cann.memory().malloc(bytes, MallocPolicy.HUGE_FIRST);
        undo.push(() -> cann.memory().free(address));
        return address;
    }

    Acl.Scalar scalar(float value) {
        return kept(cann.tensors().createScalar(value));
    }

    /** A whole number. */
    Acl.Scalar scalar(long value) {
        return kept(cann.tensors().createScalar(value));
    }

    private Acl.Scalar kept(Acl.Scalar scalar) {
        undo.push(() -> cann.tensors().destroyScalar(scalar));
        return scalar;
    }

    /** Launches what has been planned and waits for it. */
    void run() {
        long workspace = plan.workspaceBytes() == 0 ? 0 : malloc(plan.workspaceBytes());
        cann.ops().launch(plan, workspace, stream);
        cann.streams().synchronize(stream, 10_000);
    }

    float[] read(OnDevice tensor) {
        return download(tensor).toArray(JAVA_FLOAT);
    }

    int[] readInts(OnDevice tensor) {
        return download(tensor).toArray(JAVA_INT);
    }

    long[] readLongs(OnDevice tensor) {
        return download(tensor).toArray(JAVA_LONG);
    }

    byte[] readBytes(OnDevice tensor) {
        return download(tensor).toArray(JAVA_BYTE);
    }

    float[] readHalves(OnDevice tensor) {
        short[] bits = download(tensor).toArray(JAVA_SHORT);
        float[] values = new float[bits.length];
        for (int i = 0; i < bits.length; i++) {
            values[i] = Float.float16ToFloat(bits[i]);
        }
        return values;
    }

    private MemorySegment download(OnDevice tensor) {
        MemorySegment values = arena.allocate(tensor.bytes(), 8);
        cann.memory()
                .memcpy(
                        values.address(),
                        values.byteSize(),
                        tensor.address(),
                        tensor.bytes(),
                        MemcpyKind.DEVICE_TO_HOST);
        return values;
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
        cann.streams().destroyStream(stream);
        cann.devices().resetDevice(device);
        arena.close();
    }
}
