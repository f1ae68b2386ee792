package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;

import java.lang.foreign.MemorySegment;

/**
 * Device memory and pinned host memory, and copies between them. Places are plain addresses: a device's mean nothing to the
 * host. Neither freeing nor a synchronous copy waits for streams. Copies into or out of Java's memory take off-heap memory
 * only; asynchronous ones take pinned memory, which must stay until the stream has passed. Every method throws
 * {@link CannException} when its function fails.
 */
public final class AclMemory {
    private final FunctionTable table;

    AclMemory(FunctionTable table) {
        this.table = table;
    }

    /** Bytes of a device's memory. */
    public record MemoryInfo(long freeBytes, long totalBytes) {}

    /**
     * What an address is.
     *
     * @param isDevice whether it is on a device
     * @param deviceId which one
     * @param pageBytes size of its pages
     */
    public record PointerAttributes(boolean isDevice, int deviceId, int pageBytes) {}

    /**
     * {@code aclrtMalloc}: device memory of undefined content, aligned to 64 bytes, with 32 bytes to spare behind its end.
     *
     * @param size in bytes, more than 0
     * @return its address on the current device; {@link #free} gives it back
     */
    public long malloc(long size, MallocPolicy policy) {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.MALLOC, call(table, AclFunction.MALLOC, out.pointer(0), size, policy.code()));
        return out.asLong(0);
    }

    /** {@code aclrtMallocAlign32}: as {@link #malloc}, without the bytes to spare. */
    public long mallocAlign32(long size, MallocPolicy policy) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.MALLOC_ALIGN_32,
                call(table, AclFunction.MALLOC_ALIGN_32, out.pointer(0), size, policy.code()));
        return out.asLong(0);
    }

    /** {@code aclrtFree}: at once, whatever is queued. */
    public void free(long devPtr) {
        table.check(AclFunction.FREE, call(table, AclFunction.FREE, devPtr));
    }

    /** {@code aclrtMallocHost}: pinned host memory; {@link #freeHost} gives it back. */
    public long mallocHost(long size) {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.MALLOC_HOST, call(table, AclFunction.MALLOC_HOST, out.pointer(0), size));
        return out.asLong(0);
    }

    /** Pinned memory as a segment of so many bytes, to be used until it is freed. */
    @SuppressWarnings("restricted")
    public MemorySegment hostSegment(long hostPtr, long size) {
        return MemorySegment.ofAddress(hostPtr).reinterpret(size);
    }

    /** {@code aclrtFreeHost}. */
    public void freeHost(long hostPtr) {
        table.check(AclFunction.FREE_HOST, call(table, AclFunction.FREE_HOST, hostPtr));
    }

    /**
     * {@code aclrtMemcpy}: done on return.
     *
     * @param destMax bytes that there are at {@code dst}
     * @param count bytes to copy
     */
    public void memcpy(long dst, long destMax, long src, long count, MemcpyKind kind) {
        table.check(AclFunction.MEMCPY, call(table, AclFunction.MEMCPY, dst, destMax, src, count, kind.code()));
    }

    /**
     * {@code aclrtMemcpyAsync}: done when the stream gets past it.
     *
     * @param destMax bytes that there are at {@code dst}
     * @param count bytes to copy
     */
    public void memcpyAsync(long dst, long destMax, long src, long count, MemcpyKind kind, Acl.Stream stream) {
        table.check(
                AclFunction.MEMCPY_ASYNC,
                call(table, AclFunction.MEMCPY_ASYNC, dst, destMax, src, count, kind.code(), stream.address()));
    }

    /**
     * {@code aclrtMemcpy2d}: rows, done on return.
     *
     * @param dpitch bytes from row to row at {@code dst}
     * @param spitch bytes from row to row at {@code src}
     * @param width bytes of a row
     * @param height number of rows
     */
    public void memcpy2d(long dst, long dpitch, long src, long spitch, long width, long height, MemcpyKind kind) {
        table.check(
                AclFunction.MEMCPY_2D,
                call(table, AclFunction.MEMCPY_2D, dst, dpitch, src, spitch, width, height, kind.code()));
    }

    /** {@code aclrtMemcpy2dAsync}: as {@link #memcpy2d}, done when the stream gets past it. */
    public void memcpy2dAsync(
            long dst, long dpitch, long src, long spitch, long width, long height, MemcpyKind kind, Acl.Stream stream) {
        table.check(
                AclFunction.MEMCPY_2D_ASYNC,
                call(
                        table,
                        AclFunction.MEMCPY_2D_ASYNC,
                        dst,
                        dpitch,
                        src,
                        spitch,
                        width,
                        height,
                        kind.code(),
                        stream.address()));
    }

    /**
     * {@code aclrtMemset}: fills bytes, done on return.
     *
     * @param maxCount bytes that there are
     * @param count bytes to fill
     */
    public void memset(long devPtr, long maxCount, int value, long count) {
        table.check(AclFunction.MEMSET, call(table, AclFunction.MEMSET, devPtr, maxCount, value, count));
    }

    /** {@code aclrtMemsetAsync}: as {@link #memset}, done when the stream gets past it. */
    public void memsetAsync(long devPtr, long maxCount, int value, long count, Acl.Stream stream) {
        table.check(
                AclFunction.MEMSET_ASYNC,
                call(table, AclFunction.MEMSET_ASYNC, devPtr, maxCount, value, count, stream.address()));
    }

    /** {@code aclrtGetMemInfo} of the current device. */
    public MemoryInfo info(DeviceMemoryKind kind) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.GET_MEM_INFO,
                call(table, AclFunction.GET_MEM_INFO, kind.code(), out.pointer(0), out.pointer(1)));
        return new MemoryInfo(out.asLong(0), out.asLong(1));
    }

    /** {@code aclrtPointerGetAttributes}. */
    public PointerAttributes attributes(long ptr) {
        Scratch out = Scratch.zeroed(); // device id, kind of place, page size, 16 bytes reserved: int32 each
        table.check(
                AclFunction.POINTER_GET_ATTRIBUTES,
                call(table, AclFunction.POINTER_GET_ATTRIBUTES, ptr, out.pointer(0)));
        return new PointerAttributes(out.asLong(0) >>> 32 == 1, out.asInt(0), out.asInt(1));
    }
}
