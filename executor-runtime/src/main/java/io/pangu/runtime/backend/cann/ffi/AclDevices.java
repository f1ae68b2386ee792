package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.Downcalls.address;
import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Start and end of the runtime, its versions, devices and contexts. A device is current for a thread: whoever calls anything of
 * a device sets it first on the same platform thread. Every method throws {@link CannException} when its function fails.
 */
public final class AclDevices {
    private static final int PACKAGE_VERSION_BYTES = 512;
    private static final int VERSION_TEXT_BYTES = 256;
    private static final int STATUS_NORMAL = 0;
    private static final int LEVEL_THREAD = 0;

    private final FunctionTable table;

    AclDevices(FunctionTable table) {
        this.table = table;
    }

    /** Parts of an installation that have versions of their own. */
    public enum CannPackage {
        CANN(0),
        RUNTIME(1),
        COMPILER(2),
        HCCL(3),
        TOOLKIT(4),
        OPP(5),
        OPP_KERNEL(6),
        DRIVER(7);

        private final int code;

        CannPackage(int code) {
            this.code = code;
        }
    }

    /** Settings of a context. */
    public enum ContextOption {
        /** 1 makes operators that could add in any order add in one. */
        DETERMINISTIC(0),
        /** 1 makes kernels check their memory accesses. */
        DEBUG_KERNEL(1);

        private final int code;

        ContextOption(int code) {
            this.code = code;
        }
    }

    /** Counts of a device. */
    public enum Capability {
        AI_CORES(0),
        VECTOR_CORES(1),
        L2_BYTES(2);

        private final int code;

        Capability(int code) {
            this.code = code;
        }
    }

    /** {@code aclrtGetVersion}: the version of the interface, 1.13.0 in 8.1.RC1. */
    public record ApiVersion(int major, int minor, int patch) {}

    /** How busy a device is, each part in percent. */
    public record Utilization(int cube, int vector, int aicpu, int memory) {}

    /**
     * {@code aclInit}, once per process: a second call changes nothing.
     *
     * @param configPath a JSON file; null for the defaults
     * @return whether this call was the first
     */
    public boolean init(@Nullable String configPath) {
        try (Arena arena = Arena.ofConfined()) {
            long path = configPath == null ? 0 : arena.allocateFrom(configPath).address();
            int status = call(table, AclFunction.INIT, path);
            if (CannStatus.acl(status).kind() == StatusKind.REPEATED) {
                return false;
            }
            table.check(AclFunction.INIT, status);
            return true;
        }
    }

    /** {@code aclFinalize}, at the very end, when nothing runs any more; may take two seconds. */
    public void shutDown() {
        table.check(AclFunction.FINALIZE, call(table, AclFunction.FINALIZE));
    }

    /** {@code aclrtGetVersion}. */
    public ApiVersion apiVersion() {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.GET_API_VERSION,
                call(table, AclFunction.GET_API_VERSION, out.pointer(0), out.pointer(1), out.pointer(2)));
        return new ApiVersion(out.asInt(0), out.asInt(1), out.asInt(2));
    }

    /** {@code aclsysGetCANNVersion}: a package's version, for instance {@code 8.1.RC1}. */
    public String version(CannPackage part) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment version = arena.allocate(PACKAGE_VERSION_BYTES);
            table.check(
                    AclFunction.GET_CANN_VERSION,
                    call(table, AclFunction.GET_CANN_VERSION, part.code, version.address()));
            return version.getString(0);
        }
    }

    /** {@code aclsysGetVersionStr}, which newer versions have instead of {@link #version}. */
    public String versionText(String packageName) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(VERSION_TEXT_BYTES);
            table.check(
                    AclFunction.GET_VERSION_STRING,
                    call(
                            table,
                            AclFunction.GET_VERSION_STRING,
                            arena.allocateFrom(packageName).address(),
                            text.address()));
            return text.getString(0);
        }
    }

    /** Whether {@link #versionText} may be called. */
    public boolean hasVersionText() {
        return table.has(AclFunction.GET_VERSION_STRING);
    }

    /** {@code aclrtGetSocName}: the kind of NPU, for instance {@code Ascend910B2}; empty when there is none. */
    public Optional<String> socName() {
        return NativeText.read(address(table, AclFunction.GET_SOC_NAME));
    }

    /** {@code aclrtGetDeviceCount}: devices that this process may see. */
    public int deviceCount() {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.GET_DEVICE_COUNT, call(table, AclFunction.GET_DEVICE_COUNT, out.pointer(0)));
        return out.asInt(0);
    }

    /** {@code aclGetDeviceCapability}. */
    public long capability(int deviceId, Capability what) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.GET_DEVICE_CAPABILITY,
                call(table, AclFunction.GET_DEVICE_CAPABILITY, deviceId, what.code, out.pointer(0)));
        return out.asLong(0);
    }

    /** {@code aclrtSetDevice}: makes the device and its default context current for this thread; counted with its reset. */
    public void setDevice(int deviceId) {
        table.check(AclFunction.SET_DEVICE, call(table, AclFunction.SET_DEVICE, deviceId));
    }

    /** {@code aclrtGetDevice}: the device that is current for this thread. */
    public int currentDevice() {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.GET_DEVICE, call(table, AclFunction.GET_DEVICE, out.pointer(0)));
        return out.asInt(0);
    }

    /** {@code aclrtResetDevice}: undoes one set; the last gives all of the process's resources on the device back. */
    public void resetDevice(int deviceId) {
        table.check(AclFunction.RESET_DEVICE, call(table, AclFunction.RESET_DEVICE, deviceId));
    }

    /** {@code aclrtResetDeviceForce}: gives everything back however often the device was set. */
    public void resetDeviceForce(int deviceId) {
        table.check(AclFunction.RESET_DEVICE_FORCE, call(table, AclFunction.RESET_DEVICE_FORCE, deviceId));
    }

    /** {@code aclrtSynchronizeDevice}: waits for all streams of the current context, without limit. */
    public void synchronizeDevice() {
        table.check(AclFunction.SYNCHRONIZE_DEVICE, call(table, AclFunction.SYNCHRONIZE_DEVICE));
    }

    /** {@code aclrtSynchronizeDeviceWithTimeout}. */
    public void synchronizeDevice(int timeoutMillis) {
        table.check(
                AclFunction.SYNCHRONIZE_DEVICE_WITH_TIMEOUT,
                call(table, AclFunction.SYNCHRONIZE_DEVICE_WITH_TIMEOUT, timeoutMillis));
    }

    /** {@code aclrtGetRunMode}: whether this process runs on the host, as opposed to on the device's own processor. */
    public boolean isOnHost() {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.GET_RUN_MODE, call(table, AclFunction.GET_RUN_MODE, out.pointer(0)));
        return out.asInt(0) == 1;
    }

    /** {@code aclrtQueryDeviceStatus}: whether the driver takes the device for healthy. */
    public boolean isNormal(int deviceId) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.QUERY_DEVICE_STATUS,
                call(table, AclFunction.QUERY_DEVICE_STATUS, deviceId, out.pointer(0)));
        return out.asInt(0) == STATUS_NORMAL;
    }

    /** {@code aclrtGetDeviceUtilizationRate}. */
    public Utilization utilization(int deviceId) {
        Scratch out = Scratch.zeroed(); // four int32, then a pointer for extensions
        table.check(
                AclFunction.GET_DEVICE_UTILIZATION_RATE,
                call(table, AclFunction.GET_DEVICE_UTILIZATION_RATE, deviceId, out.pointer(0)));
        return new Utilization(out.asInt(0), (int) (out.asLong(0) >>> 32), out.asInt(1), (int) (out.asLong(1) >>> 32));
    }

    /** {@code aclrtCreateContext}: a context of its own, current for this thread at once. */
    public Acl.Context createContext(int deviceId) {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.CREATE_CONTEXT, call(table, AclFunction.CREATE_CONTEXT, out.pointer(0), deviceId));
        return new Acl.Context(out.asLong(0));
    }

    /** {@code aclrtDestroyContext}. */
    public void destroyContext(Acl.Context context) {
        table.check(AclFunction.DESTROY_CONTEXT, call(table, AclFunction.DESTROY_CONTEXT, context.address()));
    }

    /** {@code aclrtSetCurrentContext}: makes a context, and with it its device, current for this thread. */
    public void setCurrentContext(Acl.Context context) {
        table.check(AclFunction.SET_CURRENT_CONTEXT, call(table, AclFunction.SET_CURRENT_CONTEXT, context.address()));
    }

    /** {@code aclrtGetCurrentContext}: this thread's. */
    public Acl.Context currentContext() {
        Scratch out = Scratch.zeroed();
        table.check(AclFunction.GET_CURRENT_CONTEXT, call(table, AclFunction.GET_CURRENT_CONTEXT, out.pointer(0)));
        return new Acl.Context(out.asLong(0));
    }

    /** {@code aclrtCtxSetSysParamOpt}: a setting of the current context. */
    public void setContextOption(ContextOption option, long value) {
        table.check(
                AclFunction.CTX_SET_SYS_PARAM_OPT, call(table, AclFunction.CTX_SET_SYS_PARAM_OPT, option.code, value));
    }

    /** {@code aclrtSetOpWaitTimeout}: after how many seconds a stream that waits for an event fails; 0 is never. */
    public void setOpWaitTimeout(int seconds) {
        table.check(AclFunction.SET_OP_WAIT_TIMEOUT, call(table, AclFunction.SET_OP_WAIT_TIMEOUT, seconds));
    }

    /** {@code aclrtSetOpExecuteTimeOut}: after how many seconds a kernel that runs fails. */
    public void setOpExecuteTimeout(int seconds) {
        table.check(AclFunction.SET_OP_EXECUTE_TIMEOUT, call(table, AclFunction.SET_OP_EXECUTE_TIMEOUT, seconds));
    }

    /** {@code aclrtDeviceCanAccessPeer}. */
    public boolean canAccessPeer(int deviceId, int peerDeviceId) {
        Scratch out = Scratch.zeroed();
        table.check(
                AclFunction.DEVICE_CAN_ACCESS_PEER,
                call(table, AclFunction.DEVICE_CAN_ACCESS_PEER, out.pointer(0), deviceId, peerDeviceId));
        return out.asInt(0) == 1;
    }

    /** {@code aclrtDeviceEnablePeerAccess}: lets the current device read a peer's memory. */
    public void enablePeerAccess(int peerDeviceId) {
        table.check(
                AclFunction.DEVICE_ENABLE_PEER_ACCESS,
                call(table, AclFunction.DEVICE_ENABLE_PEER_ACCESS, peerDeviceId, 0));
    }

    /** {@code aclrtDeviceDisablePeerAccess}. */
    public void disablePeerAccess(int peerDeviceId) {
        table.check(
                AclFunction.DEVICE_DISABLE_PEER_ACCESS,
                call(table, AclFunction.DEVICE_DISABLE_PEER_ACCESS, peerDeviceId));
    }

    /** {@code aclrtPeekAtLastError}: the last failure on this thread, which stays. */
    public CannStatus peekAtLastError() {
        return CannStatus.acl(call(table, AclFunction.PEEK_AT_LAST_ERROR, LEVEL_THREAD));
    }

    /** {@code aclrtGetLastError}: the last failure on this thread, which is success from then on. */
    public CannStatus takeLastError() {
        return CannStatus.acl(call(table, AclFunction.GET_LAST_ERROR, LEVEL_THREAD));
    }

    /** {@code aclGetRecentErrMsg}: what CANN says about the last failure on this thread; a second call gives nothing. */
    public Optional<String> takeErrorText() {
        return NativeText.read(address(table, AclFunction.GET_RECENT_ERR_MSG));
    }

    /**
     * {@code aclrtSetExceptionInfoCallback}: a C function that is called on a thread of CANN's when a kernel fails.
     *
     * @param callback its address, 0 for none; it may not call into CANN
     */
    public void setExceptionInfoCallback(long callback) {
        table.check(
                AclFunction.SET_EXCEPTION_INFO_CALLBACK,
                call(table, AclFunction.SET_EXCEPTION_INFO_CALLBACK, callback));
    }

    /** {@code aclDataTypeSize}: bytes of an element as CANN counts them. */
    public long dataTypeSize(AclDataType type) {
        return address(table, AclFunction.DATA_TYPE_SIZE, type.code());
    }
}
