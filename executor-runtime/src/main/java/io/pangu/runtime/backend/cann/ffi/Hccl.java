package io.pangu.runtime.backend.cann.ffi;

import static io.pangu.runtime.backend.cann.ffi.CollectiveDowncalls.call;
import static io.pangu.runtime.backend.cann.ffi.Downcalls.address;
import static io.pangu.runtime.backend.cann.ffi.Downcalls.call;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/**
 * Communicators: the ranks of one find each other by a root info, each on the thread that owns its device, and stay together
 * until each has destroyed its end. Every method throws {@link CannException} when its function fails.
 */
public final class Hccl {
    private static final MethodHandle SET_CONFIG = Signature.of("I:IU4").link();
    private static final int DETERMINISTIC = 0;
    private static final int NAME_BYTES = 128;

    private final FunctionTable table;

    Hccl(FunctionTable table) {
        this.table = table;
    }

    /** Whether the library is there. */
    public boolean isPresent() {
        return table.has(HcclFunction.ALL_REDUCE) && table.has(HcclFunction.COMM_INIT_ROOT_INFO);
    }

    /** {@code HcclCommInitAll}: communicators for all of this process's devices; a device must be set on this thread. */
    public List<Acl.Communicator> initAll(int... devices) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ids = arena.allocateFrom(JAVA_INT, devices);
            MemorySegment comms = arena.allocate(JAVA_LONG, devices.length);
            table.check(
                    HcclFunction.COMM_INIT_ALL,
                    call(table, HcclFunction.COMM_INIT_ALL, devices.length, ids.address(), comms.address()));
            return comms.elements(JAVA_LONG)
                    .map(comm -> new Acl.Communicator(comm.get(JAVA_LONG, 0)))
                    .toList();
        }
    }

    /** {@code HcclGetRootInfo}: a device must be set on this thread. */
    public HcclRootInfo rootInfo() {
        HcclRootInfo info = new HcclRootInfo();
        table.check(
                HcclFunction.GET_ROOT_INFO,
                call(table, HcclFunction.GET_ROOT_INFO, info.segment().address()));
        return info;
    }

    /** {@code HcclCommInitRootInfo}: returns when all ranks are in it, each on its own thread. */
    public Acl.Communicator init(int nRanks, HcclRootInfo rootInfo, int rank) {
        Scratch out = Scratch.zeroed();
        table.check(
                HcclFunction.COMM_INIT_ROOT_INFO,
                call(
                        table,
                        HcclFunction.COMM_INIT_ROOT_INFO,
                        nRanks,
                        rootInfo.segment().address(),
                        rank,
                        out.pointer(0)));
        return new Acl.Communicator(out.asLong(0));
    }

    /** {@code HcclCommInitRootInfoConfig}: as {@link #init(int, HcclRootInfo, int)}, with settings that all ranks share. */
    public Acl.Communicator init(int nRanks, HcclRootInfo rootInfo, int rank, HcclCommConfig config) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment settings = config.write(arena);
            Scratch out = Scratch.zeroed();
            table.check(
                    HcclFunction.COMM_INIT_ROOT_INFO_CONFIG,
                    call(
                            table,
                            HcclFunction.COMM_INIT_ROOT_INFO_CONFIG,
                            nRanks,
                            rootInfo.segment().address(),
                            rank,
                            settings.address(),
                            out.pointer(0)));
            return new Acl.Communicator(out.asLong(0));
        }
    }

    /**
     * {@code HcclCommDestroy}; from another thread it ends an init that waits for ranks that do not come. A communicator in use
     * answers {@link StatusKind#NOT_READY}.
     */
    public void destroy(Acl.Communicator comm) {
        table.check(HcclFunction.COMM_DESTROY, call(table, HcclFunction.COMM_DESTROY, comm.address()));
    }

    /** {@code HcclGetRankSize}. */
    public int rankSize(Acl.Communicator comm) {
        Scratch out = Scratch.zeroed();
        table.check(
                HcclFunction.GET_RANK_SIZE, call(table, HcclFunction.GET_RANK_SIZE, comm.address(), out.pointer(0)));
        return out.asInt(0);
    }

    /** {@code HcclGetRankId}. */
    public int rankId(Acl.Communicator comm) {
        Scratch out = Scratch.zeroed();
        table.check(HcclFunction.GET_RANK_ID, call(table, HcclFunction.GET_RANK_ID, comm.address(), out.pointer(0)));
        return out.asInt(0);
    }

    /** {@code HcclGetCommName}: by which operators that communicate find it. */
    public String name(Acl.Communicator comm) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(NAME_BYTES);
            table.check(
                    HcclFunction.GET_COMM_NAME,
                    call(table, HcclFunction.GET_COMM_NAME, comm.address(), name.address()));
            return name.getString(0);
        }
    }

    /** {@code HcclGetCommAsyncError}: what went wrong since, if anything. */
    public CannStatus asyncError(Acl.Communicator comm) {
        Scratch out = Scratch.zeroed();
        table.check(
                HcclFunction.GET_COMM_ASYNC_ERROR,
                call(table, HcclFunction.GET_COMM_ASYNC_ERROR, comm.address(), out.pointer(0)));
        return CannStatus.hccl(out.asInt(0));
    }

    /** {@code HcclGetErrorString}: the library's fixed text for a code. */
    public Optional<String> errorText(int code) {
        return NativeText.read(address(table, HcclFunction.GET_ERROR_STRING, code));
    }

    /** {@code HcclSetConfig}: whether all later communicators always add in the same order. */
    public void setDeterministic(boolean isDeterministic) {
        int status;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, isDeterministic ? 1 : 0);
            status = (int)
                    SET_CONFIG.invokeExact(table.address(HcclFunction.SET_CONFIG, SET_CONFIG), DETERMINISTIC, value);
        } catch (Throwable e) {
            throw StatusReader.unexpected(HcclFunction.SET_CONFIG.cName(), e);
        }
        table.check(HcclFunction.SET_CONFIG, status);
    }

    /** {@code HcclGetConfig}: what {@link #setDeterministic} set. */
    public boolean isDeterministic() {
        Scratch out = Scratch.zeroed();
        table.check(HcclFunction.GET_CONFIG, call(table, HcclFunction.GET_CONFIG, DETERMINISTIC, out.pointer(0)));
        return out.asInt(0) == 1;
    }
}
