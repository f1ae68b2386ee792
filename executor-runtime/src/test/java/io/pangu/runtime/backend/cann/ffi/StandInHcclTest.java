package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Collectives among devices of one process, each on its own thread, on the stand-in. */
class StandInHcclTest {
    private static final int LIMIT_SECONDS = 20;

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    /** What a rank does with its device. */
    private interface Program<T> {
        T run(OneDevice device, int rank) throws Exception;
    }

    /** Runs a program on a platform thread for each rank; results in rank order. */
    private <T> List<T> onRanks(Layout layout, int numRanks, Program<T> program) throws Exception {
        CannBindings cann = standIn.cann().bindings(layout);
        try (ExecutorService threads = Executors.newFixedThreadPool(numRanks)) {
            List<Callable<T>> tasks = new ArrayList<>();
            for (int i = 0; i < numRanks; i++) {
                int rank = i;
                tasks.add(() -> {
                    try (OneDevice device = new OneDevice(cann, rank)) {
                        return program.run(device, rank);
                    }
                });
            }
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(tasks, LIMIT_SECONDS, TimeUnit.SECONDS)) {
                results.add(result.get());
            }
            return results;
        }
    }

    private HcclRootInfo rootInfo(Layout layout) {
        CannBindings cann = standIn.cann().bindings(layout);
        try (OneDevice device = new OneDevice(cann, 0)) {
            return device.cann.hccl().rootInfo();
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void allRanksGetTheSum(Layout layout) throws Exception {
        HcclRootInfo info = HcclRootInfo.of(rootInfo(layout).toBytes());
        List<float[]> sums = onRanks(layout, 2, (device, rank) -> {
            Acl.Communicator comm = device.cann.hccl().init(2, info, rank);
            assertThat(device.cann.hccl().rankId(comm)).isEqualTo(rank);
            assertThat(device.cann.hccl().rankSize(comm)).isEqualTo(2);
            OneDevice.OnDevice x = device.floats(new float[] {1 + rank, 10 * rank, -1}, 3);
            device.cann
                    .collectives()
                    .allReduce(
                            x.address(), x.address(), 3, HcclDataType.FLOAT32, HcclReduceOp.SUM, comm, device.stream);
            device.cann.streams().synchronize(device.stream, 10_000);
            assertThat(device.cann.hccl().asyncError(comm).kind()).isEqualTo(StatusKind.SUCCESS);
            device.cann.hccl().destroy(comm);
            return device.read(x);
        });
        assertThat(sums).allSatisfy(sum -> assertThat(sum).containsExactly(3, 10, -2));
    }

    @Test
    void partsAreGatheredInRankOrderUnderTheNameThatWasSet() throws Exception {
        HcclRootInfo info = rootInfo(Layout.SPLIT);
        HcclCommConfig config = new HcclCommConfig(OptionalInt.of(16), Optional.of(true), Optional.of("pangu-test"));
        List<int[]> wholes = onRanks(Layout.SPLIT, 2, (device, rank) -> {
            Acl.Communicator comm = device.cann.hccl().init(2, info, rank, config);
            assertThat(device.cann.hccl().name(comm)).isEqualTo("pangu-test");
            OneDevice.OnDevice part = device.ints(new int[] {rank, rank + 100}, 2);
            OneDevice.OnDevice whole = device.empty(AclDataType.INT32, 4);
            device.cann
                    .collectives()
                    .allGather(part.address(), whole.address(), 2, HcclDataType.INT32, comm, device.stream);
            device.cann.collectives().barrier(comm, device.stream);
            device.cann.streams().synchronize(device.stream, 10_000);
            device.cann.hccl().destroy(comm);
            return device.readInts(whole);
        });
        assertThat(wholes).allSatisfy(whole -> assertThat(whole).containsExactly(0, 100, 1, 101));
    }

    @Test
    void theRootsBufferIsSpread() throws Exception {
        HcclRootInfo info = rootInfo(Layout.WHOLE);
        List<int[]> seen = onRanks(Layout.WHOLE, 2, (device, rank) -> {
            Acl.Communicator comm = device.cann.hccl().init(2, info, rank);
            OneDevice.OnDevice x = device.ints(new int[] {rank, rank}, 2);
            device.cann.collectives().broadcast(x.address(), 2, HcclDataType.INT32, 1, comm, device.stream);
            device.cann.streams().synchronize(device.stream, 10_000);
            device.cann.hccl().destroy(comm);
            return device.readInts(x);
        });
        assertThat(seen).allSatisfy(x -> assertThat(x).containsExactly(1, 1));
    }

    @Test
    void aRankThatDoesNotComeEndsTheOthersWait() throws Exception {
        standIn.cann().set("connect_timeout_ms", 100);
        HcclRootInfo info = rootInfo(Layout.WHOLE);
        List<CannException> failures = onRanks(
                Layout.WHOLE,
                1,
                (device, rank) -> catchThrowableOfType(
                        CannException.class, () -> device.cann.hccl().init(2, info, rank)));
        assertThat(failures.getFirst().kind()).isEqualTo(StatusKind.PEER_LOST);
        assertThat(failures.getFirst())
                .hasMessageContaining("HcclCommInitRootInfo")
                .hasMessageContaining("HCCL_CONNECT_TIMEOUT");
    }

    @Test
    void theLibrarysFixedTextIsThere() {
        CannBindings cann = standIn.cann().bindings(Layout.WHOLE);
        assertThat(cann.hccl().errorText(9)).isPresent();
        cann.hccl().setDeterministic(true);
        assertThat(cann.hccl().isDeterministic()).isTrue();
        cann.hccl().setDeterministic(false);
        assertThat(cann.hccl().isDeterministic()).isFalse();
    }
}
