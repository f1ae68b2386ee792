package io.pangu.runtime.backend.cann.ffi;

import org.jspecify.annotations.Nullable;

/**
 * Handles of the C interface: opaque addresses with a type. A handle owns nothing; who created what it stands for destroys it,
 * once, with the function named at each.
 */
public sealed interface Acl {
    /** The C pointer. */
    long address();

    /** A context of a device: {@link AclDevices#destroyContext}. */
    record Context(long address) implements Acl {}

    /** A queue of operations of one context: {@link AclStreams#destroyStream}. */
    record Stream(long address) implements Acl {
        /** The stream that every context has from the start; nobody destroys it. */
        public static final Stream DEFAULT = new Stream(0);
    }

    /** A mark in a stream: {@link AclStreams#destroyEvent}. */
    record Event(long address) implements Acl {}

    /** Captured operations: {@link AclGraphs#destroy}. */
    record Graph(long address) implements Acl {}

    /** Operations of a graph whose arguments may be replaced; goes with its graph. */
    record TaskGroup(long address) implements Acl {}

    /** Shape, type and place of a tensor: {@link AclTensors#destroyTensor}. The memory is not part of it. */
    record Tensor(long address) implements Acl {}

    /** Tensors as one argument; owns them: {@link AclTensors#destroyTensorList} destroys them too. */
    record TensorList(long address) implements Acl {}

    /** A number: {@link AclTensors#destroyScalar}. */
    record Scalar(long address) implements Acl {}

    /** Numbers as one argument; owns them: {@link AclTensors#destroyScalarList} destroys them too. */
    record ScalarList(long address) implements Acl {}

    /** Host integers: {@link AclTensors#destroyIntArray}. */
    record IntArray(long address) implements Acl {}

    /** Host floats: {@link AclTensors#destroyFloatArray}. */
    record FloatArray(long address) implements Acl {}

    /** Host booleans: {@link AclTensors#destroyBoolArray}. */
    record BoolArray(long address) implements Acl {}

    /** An operator made ready to run: used up by its launch, or repeatable ({@link AclExecutors}). */
    record Executor(long address) implements Acl {}

    /** One rank's end of a communicator: {@link Hccl#destroy}. */
    record Communicator(long address) implements Acl {}

    /** The address of an optional argument: null goes as a null pointer. */
    static long addressOf(@Nullable Acl handle) {
        return handle == null ? 0 : handle.address();
    }
}
