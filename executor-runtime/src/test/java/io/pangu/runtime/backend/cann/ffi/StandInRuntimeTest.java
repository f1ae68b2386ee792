package io.pangu.runtime.backend.cann.ffi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.cann.StandInCann;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices, streams, events and memory on the stand-in, which refuses what the real one refuses. */
class StandInRuntimeTest {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private CannBindings bindings(Layout layout) {
        return standIn.cann().bindings(layout);
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void aDeviceTellsWhatItIs(Layout layout) {
        standIn.cann().set("devices", 3);
        standIn.cann().setText("soc", "Ascend910B4");
        CannBindings cann = bindings(layout);
        assertThat(cann.devices().init(null)).isTrue();
        assertThat(cann.devices().init(null)).isFalse();
        assertThat(cann.devices().deviceCount()).isEqualTo(3);
        cann.devices().setDevice(2);
        assertThat(cann.devices().currentDevice()).isEqualTo(2);
        assertThat(cann.devices().socName()).contains("Ascend910B4");
        assertThat(cann.devices().isOnHost()).isTrue();
        assertThat(cann.devices().isNormal(2)).isTrue();
        assertThat(cann.devices().apiVersion()).isEqualTo(new AclDevices.ApiVersion(1, 13, 0));
        assertThat(cann.devices().version(AclDevices.CannPackage.CANN)).isEqualTo("8.1.RC1");
        assertThat(cann.devices().dataTypeSize(AclDataType.BFLOAT16)).isEqualTo(2);
        cann.devices().resetDevice(2);
        cann.devices().shutDown();
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void aFunctionIsFoundWhereItsLayoutHasIt(Layout layout) {
        CannBindings cann = bindings(layout);
        boolean isSplit = layout == Layout.SPLIT;
        assertThat(cann.libraryOf("aclrtMalloc")).contains(isSplit ? "libacl_rt.so" : "libascendcl.so");
        assertThat(cann.libraryOf("aclCreateTensor")).contains("libnnopbase.so");
        assertThat(cann.libraryOf("aclnnMm")).contains(isSplit ? "libopapi_nn.so" : "libopapi.so");
        assertThat(cann.libraryOf("HcclGetRootInfo")).contains(isSplit ? "libhcomm.so" : "libhccl.so");
        assertThat(cann.libraryOf("HcclAllReduce")).contains("libhccl.so");
        assertThat(cann.ops().has(AclnnOperator.GROUPED_MATMUL_V5)).isEqualTo(isSplit);
    }

    @Test
    void aLayoutHasEveryFunctionOfItsVersionThatTheStandInServes() {
        Set<String> unserved = new TreeSet<>();
        for (String op : List.of(
                "aclnnAddRmsNormQuant",
                "aclnnApplyTopKTopP",
                "aclnnFusedInferAttentionScoreV5",
                "aclnnMatmulAllReduce",
                "aclnnTopKTopPSample")) {
            unserved.add(op);
            unserved.add(op + "GetWorkspaceSize");
        }
        assertThat(bindings(Layout.SPLIT).missing().keySet()).isEqualTo(unserved);
        Set<String> missing = new TreeSet<>(bindings(Layout.WHOLE).missing().keySet());
        missing.removeAll(unserved);
        Set<String> later = FunctionList.section("after 8.1.RC1").stream()
                .map(FunctionList.Entry::name)
                .collect(Collectors.toCollection(TreeSet::new));
        later.removeAll(unserved);
        assertThat(missing).isEqualTo(later);
    }

    @Test
    void aThreadWithoutDeviceIsRefusedInWords() throws Exception {
        CannBindings cann = bindings(Layout.WHOLE);
        try (OneDevice device = new OneDevice(cann, 0)) {
            CannException e = CompletableFuture.supplyAsync(
                            () -> catchThrowableOfType(
                                    CannException.class, () -> cann.streams().createStream()),
                            task -> Thread.ofPlatform().start(task))
                    .get(10, TimeUnit.SECONDS);
            assertThat(e.status().orElseThrow().code()).isEqualTo(107002);
            assertThat(e.kind()).isEqualTo(StatusKind.INVALID_STATE);
            assertThat(e).hasMessageContaining("no context is current on this thread; CANN says: ");
            // the text was the other thread's
            assertThat(device.cann.devices().takeErrorText()).isEmpty();
        }
    }

    @Test
    void memoryComesBackAsItWasWritten() {
        try (OneDevice device = new OneDevice(bindings(Layout.WHOLE), 0)) {
            float[] values = {1.5f, -2, 3e8f, 0};
            assertThat(device.read(device.floats(values, 2, 2))).containsExactly(values);
        }
    }

    @Test
    void pinnedMemoryIsCopiedWhenTheStreamGetsThere() {
        CannBindings cann = bindings(Layout.SPLIT);
        try (OneDevice device = new OneDevice(cann, 0)) {
            long host = cann.memory().mallocHost(64);
            long target = device.malloc(64);
            cann.memory().memset(target, 64, 0, 64);
            MemorySegment pinned = segment(host, 64);
            pinned.set(JAVA_LONG, 56, 42L);
            cann.memory().memcpyAsync(target, 64, host, 64, MemcpyKind.HOST_TO_DEVICE, device.stream);
            cann.streams().synchronize(device.stream, 10_000);
            pinned.fill((byte) 0);
            cann.memory().memcpyAsync(host, 64, target, 64, MemcpyKind.DEVICE_TO_HOST, device.stream);
            cann.streams().synchronize(device.stream, 10_000);
            assertThat(pinned.get(JAVA_LONG, 56)).isEqualTo(42);
            assertThat(cann.memory().attributes(target).isDevice()).isTrue();
            cann.memory().freeHost(host);
        }
    }

    @SuppressWarnings("restricted")
    private static MemorySegment segment(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    @Test
    void aCopyBeyondItsTargetIsRefused() {
        CannBindings cann = bindings(Layout.WHOLE);
        try (OneDevice device = new OneDevice(cann, 0)) {
            long target = device.malloc(64);
            long source = device.malloc(64);
            assertThatThrownBy(() -> cann.memory().memcpy(target, 32, source, 64, MemcpyKind.DEVICE_TO_DEVICE))
                    .isInstanceOfSatisfying(
                            CannException.class, e -> assertThat(e.kind()).isEqualTo(StatusKind.INVALID_ARGUMENT));
        }
    }

    @Test
    void memoryThatIsNotThereIsOutOfMemoryInWords() {
        standIn.cann().set("hbm_mib", 16);
        CannBindings cann = bindings(Layout.WHOLE);
        try (OneDevice device = new OneDevice(cann, 0)) {
            AclMemory.MemoryInfo memory = cann.memory().info(DeviceMemoryKind.HBM);
            assertThat(memory.totalBytes()).isEqualTo(16L << 20);
            assertThat(memory.freeBytes()).isLessThanOrEqualTo(memory.totalBytes());
            CannException e = catchThrowableOfType(CannException.class, () -> device.malloc(32L << 20));
            assertThat(e.kind()).isEqualTo(StatusKind.OUT_OF_MEMORY);
            assertThat(e).hasMessageContaining("aclrtMalloc").hasMessageContaining("CANN says: ");
        }
    }

    @Test
    void eventsMarkAStreamAndOthersWaitForThem() {
        standIn.cann().set("execution", 2); // nothing runs before it is waited for
        CannBindings cann = bindings(Layout.WHOLE);
        AclStreams streams = cann.streams();
        try (OneDevice device = new OneDevice(cann, 0)) {
            Acl.Event start = streams.createEvent(StreamFlags.EVENT_TIME_LINE);
            Acl.Event end = streams.createEvent(StreamFlags.EVENT_TIME_LINE + StreamFlags.EVENT_SYNC);
            Acl.Stream other = streams.createStream(0, StreamFlags.STREAM_FAST_LAUNCH | StreamFlags.STREAM_FAST_SYNC);
            streams.setFailureMode(other, StreamFlags.STOP_ON_FAILURE);
            standIn.cann().fault("aclrtMemsetAsync", 1, StandInCann.Fault.TASK_LATE, 0, 500);
            long target = device.malloc(64);
            streams.record(start, device.stream);
            cann.memory().memsetAsync(target, 64, 1, 64, device.stream);
            streams.record(end, device.stream);
            assertThat(streams.isComplete(end)).isFalse();
            streams.waitEvent(other, end);
            streams.synchronize(other, 10_000);
            assertThat(streams.isComplete(end)).isTrue();
            streams.synchronize(device.stream, 10_000);
            assertThat(streams.isComplete(device.stream)).isTrue();
            assertThat(streams.elapsedMillis(start, end)).isGreaterThanOrEqualTo(490f);
            streams.destroyStream(other);
            streams.destroyEvent(end);
            streams.destroyEvent(start);
        }
    }

    @Test
    void aWaitThatTakesTooLongIsATimeoutAndNotAHang() {
        CannBindings cann = bindings(Layout.WHOLE);
        try (OneDevice device = new OneDevice(cann, 0)) {
            standIn.cann().fault("aclrtMemsetAsync", 1, StandInCann.Fault.TASK_HANG, 0, 0);
            long target = device.malloc(64);
            cann.memory().memsetAsync(target, 64, 1, 64, device.stream);
            Acl.Event event = cann.streams().createEvent(StreamFlags.EVENT_SYNC);
            cann.streams().record(event, device.stream);
            CannException e = catchThrowableOfType(
                    CannException.class, () -> cann.streams().synchronize(device.stream, 50));
            assertThat(e.kind()).isEqualTo(StatusKind.TIMEOUT);
            assertThat(e.status().orElseThrow().code()).isEqualTo(507046);
            CannException waiting = catchThrowableOfType(
                    CannException.class, () -> cann.streams().synchronize(event, 50));
            assertThat(waiting.kind()).isEqualTo(StatusKind.TIMEOUT);
            standIn.cann().releaseHung();
            CannException late = catchThrowableOfType(
                    CannException.class, () -> cann.streams().synchronize(device.stream, 10_000));
            assertThat(late.kind()).isEqualTo(StatusKind.DEVICE_LOST);
            cann.streams().destroyEvent(event);
        }
    }

    @Test
    void aFailedTaskComesOutOfTheWait() {
        CannBindings cann = bindings(Layout.WHOLE);
        try (OneDevice device = new OneDevice(cann, 0)) {
            standIn.cann().fault("aclrtMemsetAsync", 1, StandInCann.Fault.TASK_FAIL, 507015, 0);
            long target = device.malloc(64);
            cann.memory().memsetAsync(target, 64, 1, 64, device.stream);
            CannException e = catchThrowableOfType(
                    CannException.class, () -> cann.streams().synchronize(device.stream, 10_000));
            assertThat(e.kind()).isEqualTo(StatusKind.DEVICE_LOST);
            assertThat(e).hasMessageContaining("ACL_ERROR_RT_AICORE_EXCEPTION (507015): a kernel failed");
        }
    }

    @Test
    void contextsOfOneDeviceAreApart() {
        CannBindings cann = bindings(Layout.WHOLE);
        try (OneDevice device = new OneDevice(cann, 0)) {
            Acl.Context first = cann.devices().currentContext();
            Acl.Context second = cann.devices().createContext(0);
            assertThat(cann.devices().currentContext()).isEqualTo(second).isNotEqualTo(first);
            CannException e = catchThrowableOfType(
                    CannException.class, () -> cann.streams().synchronize(device.stream, 1_000));
            assertThat(e.status().orElseThrow().code()).isEqualTo(107003);
            cann.devices().setCurrentContext(first);
            cann.devices().destroyContext(second);
        }
    }
}
