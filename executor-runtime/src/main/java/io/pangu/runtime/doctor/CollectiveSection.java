package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.HcclDataType;
import io.pangu.runtime.backend.cann.ffi.HcclReduceOp;
import io.pangu.runtime.backend.cann.ffi.HcclRootInfo;
import io.pangu.runtime.backend.cann.ffi.MallocPolicy;
import io.pangu.runtime.backend.cann.ffi.MemcpyKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/** The chosen NPUs as ranks of one communicator: they meet, add and gather numbers whose results are known. */
final class CollectiveSection {
    private static final int COUNT = 1000;
    private static final int ROUNDS = 3;

    private CollectiveSection() {}

    static void add(Section section, CannBindings cann, List<OpenDevice> devices) {
        if (devices.size() == 1) {
            section.add(Finding.ok("collectives", "one NPU needs none"));
            return;
        }
        if (devices.stream().anyMatch(OpenDevice::isLost)) {
            section.add(Finding.warn("collectives", "not tried: an NPU is lost", "mend the failure above first"));
            return;
        }
        HcclRootInfo root;
        try {
            root = devices.getFirst()
                    .run(
                            "HcclGetRootInfo",
                            (bindings, stream) -> bindings.hccl().rootInfo());
        } catch (StepFailure e) {
            section.add(Finding.fail("collectives", e.words(), remedy()));
            return;
        }
        byte[] bytes = root.toBytes();
        List<Future<Long>> ranks = new ArrayList<>();
        for (int rank = 0; rank < devices.size(); rank++) {
            int number = rank;
            OpenDevice device = devices.get(rank);
            ranks.add(device.start(
                    name(device, rank),
                    (bindings, stream) ->
                            meet(new Rank(bindings, stream, number, devices.size(), device.waitMillis()), bytes)));
        }
        addRanks(section, devices, ranks);
    }

    private static String remedy() {
        return "look at hccn_tool -i N -link -g and at HCCL_IF_IP in containers; one NPU works without HCCL";
    }

    private static String name(OpenDevice device, int rank) {
        return "rank " + rank + " on NPU " + device.id();
    }

    private static void addRanks(Section section, List<OpenDevice> devices, List<Future<Long>> ranks) {
        long slowest = 0;
        for (int rank = 0; rank < ranks.size(); rank++) {
            OpenDevice device = devices.get(rank);
            try {
                slowest = Math.max(slowest, device.await(name(device, rank), ranks.get(rank)));
            } catch (StepFailure e) {
                device.markLost();
                section.add(Finding.fail(name(device, rank), e.words(), remedy()));
            }
        }
        if (!section.hasFailed()) {
            section.add(Finding.ok(
                            "collectives",
                            devices.size() + " ranks met in " + slowest + " ms, and added and gathered known numbers, "
                                    + ROUNDS + " times in order")
                    .with("ranks", devices.size())
                    .with("meetMillis", slowest));
        }
    }

    /** One rank's view. */
    private record Rank(CannBindings cann, Acl.Stream stream, int number, int size, int waitMillis) {}

    /** Joins, works and leaves; gives how long the ranks took to meet, in milliseconds. */
    private static long meet(Rank rank, byte[] root) {
        long start = System.nanoTime();
        Acl.Communicator comm = rank.cann.hccl().init(rank.size, HcclRootInfo.of(root), rank.number);
        long millis = (System.nanoTime() - start) / 1_000_000;
        try {
            work(rank, comm);
        } finally {
            rank.cann.hccl().destroy(comm);
        }
        return millis;
    }

    private static void work(Rank rank, Acl.Communicator comm) {
        long bytes = (long) COUNT * Float.BYTES;
        long own = rank.cann.memory().malloc(bytes, MallocPolicy.HUGE_FIRST);
        try {
            long all = rank.cann.memory().malloc(bytes * rank.size, MallocPolicy.HUGE_FIRST);
            try (Arena arena = Arena.ofConfined()) {
                for (int round = 0; round < ROUNDS; round++) {
                    reduce(rank, comm, own, round, arena);
                    gather(rank, comm, own, all, round, arena);
                }
            } finally {
                rank.cann.memory().free(all);
            }
        } finally {
            rank.cann.memory().free(own);
        }
    }

    /** In place, as the decoder sums; small whole numbers are exact in whatever order they are added. */
    private static void reduce(Rank rank, Acl.Communicator comm, long own, int round, Arena arena) {
        MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, COUNT);
        for (int i = 0; i < COUNT; i++) {
            host.setAtIndex(ValueLayout.JAVA_FLOAT, i, (rank.number + 1) * (i % 8 + round));
        }
        copy(rank, own, host.address(), host.byteSize(), MemcpyKind.HOST_TO_DEVICE);
        rank.cann.collectives().allReduce(own, own, COUNT, HcclDataType.FLOAT32, HcclReduceOp.SUM, comm, rank.stream);
        rank.cann.streams().synchronize(rank.stream, rank.waitMillis);
        copy(rank, host.address(), own, host.byteSize(), MemcpyKind.DEVICE_TO_HOST);
        int sum = rank.size * (rank.size + 1) / 2;
        for (int i = 0; i < COUNT; i++) {
            float value = host.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            if (value != sum * (i % 8 + round)) {
                throw new IllegalStateException("HcclAllReduce gave rank %d %s and should have given %d at %d"
                        .formatted(rank.number, value, sum * (i % 8 + round), i));
            }
        }
    }

    private static void gather(Rank rank, Acl.Communicator comm, long own, long all, int round, Arena arena) {
        MemorySegment host = arena.allocate(ValueLayout.JAVA_INT, (long) COUNT * rank.size);
        for (int i = 0; i < COUNT; i++) {
            host.setAtIndex(ValueLayout.JAVA_INT, i, mark(rank.number, i, round));
        }
        copy(rank, own, host.address(), (long) COUNT * Integer.BYTES, MemcpyKind.HOST_TO_DEVICE);
        rank.cann.collectives().allGather(own, all, COUNT, HcclDataType.INT32, comm, rank.stream);
        rank.cann.streams().synchronize(rank.stream, rank.waitMillis);
        copy(rank, host.address(), all, host.byteSize(), MemcpyKind.DEVICE_TO_HOST);
        for (int i = 0; i < COUNT * rank.size; i++) {
            int value = host.getAtIndex(ValueLayout.JAVA_INT, i);
            int expected = mark(i / COUNT, i % COUNT, round);
            if (value != expected) {
                throw new IllegalStateException("HcclAllGather gave rank %d %d and should have given %d at %d"
                        .formatted(rank.number, value, expected, i));
            }
        }
    }

    private static int mark(int rank, int index, int round) {
        return rank * 1_000_000 + round * 10_000 + index;
    }

    private static void copy(Rank rank, long to, long from, long bytes, MemcpyKind kind) {
        rank.cann.memory().memcpy(to, bytes, from, bytes, kind);
    }
}
