package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Availability;
import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.backend.cpu.KernelChoice.Lookup;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which kernels are taken, what is said when they are not the best ones, and what a provider makes of it. */
class KernelChoiceTest {
    private static final BlockKernels VECTOR = VectorCpuDeviceTest.kernels();
    private static final BlockKernels LIBRARY = PlantedKernels.named("the library");
    private static final Lookup FOUND_LIBRARY = new Lookup.Found(LIBRARY);
    private static final Lookup FOUND_VECTOR = new Lookup.Found(VECTOR);
    private static final Lookup NO_LIBRARY = new Lookup.Missing("no compiler was there; install cc");
    private static final Lookup NO_VECTOR = new Lookup.Missing("add --add-modules jdk.incubator.vector");

    private final RecordingLogger log = new RecordingLogger();
    private final AtomicBoolean warned = new AtomicBoolean();

    private KernelChoice choice(Lookup library, Lookup vector) {
        return new KernelChoice(() -> library, () -> vector, log, warned);
    }

    private static EngineException refused(Runnable work) {
        return catchThrowableOfType(EngineException.class, work::run);
    }

    @Nested
    class Ladder {
        @Test
        void takesTheLibraryWhereItLoads() {
            assertThat(choice(FOUND_LIBRARY, FOUND_VECTOR).choose("auto")).isSameAs(LIBRARY);
            assertThat(choice(FOUND_LIBRARY, NO_VECTOR).choose("auto")).isSameAs(LIBRARY);
            assertThat(log.lines()).isEmpty();
        }

        @Test
        void fallsBackToTheVectorApiAndSaysSoOnce() {
            for (int i = 0; i < 3; i++) {
                assertThat(choice(NO_LIBRARY, FOUND_VECTOR).choose("auto")).isSameAs(VECTOR);
            }
            assertThat(log.lines())
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .startsWith("WARN running without the C kernels, on " + VECTOR.description() + ": ")
                            .endsWith("(no compiler was there; install cc)"));
        }

        @Test
        void endsWithBothReasons() {
            EngineException error = refused(() -> choice(NO_LIBRARY, NO_VECTOR).choose("auto"));
            assertThat(error.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
            assertThat(error)
                    .hasMessage("no CPU kernels can run here: native: no compiler was there; install cc; vector: add"
                            + " --add-modules jdk.incubator.vector");
        }
    }

    @Nested
    class ForcedByName {
        @Test
        void theyAreTakenWithoutAWord() {
            assertThat(choice(FOUND_LIBRARY, FOUND_VECTOR).choose("vector")).isSameAs(VECTOR);
            assertThat(choice(FOUND_LIBRARY, FOUND_VECTOR).choose("native")).isSameAs(LIBRARY);
            assertThat(log.lines()).isEmpty();
        }

        @Test
        void nothingElseIsTakenInTheirPlace() {
            EngineException library =
                    refused(() -> choice(NO_LIBRARY, FOUND_VECTOR).choose("native"));
            assertThat(library).hasMessage("the native CPU kernels cannot run here: no compiler was there; install cc");
            assertThat(library.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
            assertThat(library.context()).isEqualTo(Map.of("kernels", "native"));
            EngineException vector =
                    refused(() -> choice(FOUND_LIBRARY, NO_VECTOR).choose("vector"));
            assertThat(vector)
                    .hasMessage("the vector CPU kernels cannot run here: add --add-modules jdk.incubator.vector");
        }

        @Test
        void otherWordsAreRefused() {
            for (String word : List.of("", "Native", "cuda")) {
                EngineException error =
                        refused(() -> choice(FOUND_LIBRARY, FOUND_VECTOR).choose(word));
                assertThat(error)
                        .hasMessage("CPU kernels '" + word + "' are unknown; known are auto, native and vector");
                assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
            }
        }
    }

    @Nested
    class Provider {
        private final DeviceOptions one = new DeviceOptions(List.of(), 1, 2, "auto");

        @Test
        void isAvailableWithAnyKernelsAndDoesNotLoadMoreThanItMust() {
            AtomicInteger loads = new AtomicInteger();
            CpuDeviceProvider provider = new CpuDeviceProvider(new KernelChoice(
                    () -> {
                        loads.incrementAndGet();
                        return NO_LIBRARY;
                    },
                    () -> FOUND_VECTOR,
                    log,
                    warned));
            assertThat(provider.name()).isEqualTo("cpu");
            assertThat(provider.priority()).isZero();
            assertThat(provider.probe())
                    .isEqualTo(
                            new Availability.Available(64, Runtime.getRuntime().availableProcessors() + " processors"));
            assertThat(loads).hasValue(0);
            assertThat(new CpuDeviceProvider(choice(FOUND_LIBRARY, NO_VECTOR)).probe())
                    .isInstanceOf(Availability.Available.class);
        }

        @Test
        void saysWhyItIsUnavailable() {
            CpuDeviceProvider provider = new CpuDeviceProvider(choice(NO_LIBRARY, NO_VECTOR));
            assertThat(provider.probe())
                    .isEqualTo(new Availability.Unavailable("native: no compiler was there; install cc; vector: add"
                            + " --add-modules jdk.incubator.vector"));
            assertThat(refused(() -> provider.choose(one)).code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
        }

        @Test
        void opensOneDeviceOnAsManyThreadsAsAreAskedFor() {
            CpuDeviceProvider provider = new CpuDeviceProvider(choice(NO_LIBRARY, FOUND_VECTOR));
            for (int threads : new int[] {1, 2, 5}) {
                DeviceGroup group = provider.choose(new DeviceOptions(List.of("0"), 9, threads, "vector"));
                assertThat(group.size()).isOne();
                try (Device device = group.open(0)) {
                    assertThat(device.description())
                            .isEqualTo("cpu:0 (" + VECTOR.description() + ", " + threads
                                    + (threads == 1 ? " thread)" : " threads)"));
                    assertThat(device.communicator()).isSameAs(Communicator.solo());
                }
            }
            try (Device all = provider.choose(new DeviceOptions(List.of(), 1, 0, "vector"))
                    .open(0)) {
                assertThat(all.description())
                        .contains(" " + Runtime.getRuntime().availableProcessors() + " thread");
            }
        }

        @Test
        void sharesThreadsAndMemoryOutAmongVirtualDevices() {
            CpuDeviceProvider provider = new CpuDeviceProvider(choice(NO_LIBRARY, FOUND_VECTOR));
            List<String> found = new ArrayList<>();
            for (DeviceOptions options : List.of(
                    new DeviceOptions(List.of(), 3, 8, "vector"),
                    new DeviceOptions(List.of("4", "5", "6", "7"), 1, 2, "vector"))) {
                DeviceGroup group = provider.choose(options);
                for (int rank = 0; rank < group.size(); rank++) {
                    try (Device device = group.open(rank)) {
                        found.add(device.description().replaceFirst("\\(.*, ", ""));
                        assertThat(device.index()).isEqualTo(rank);
                        assertThat(device.communicator().rank()).isEqualTo(rank);
                        assertThat(device.communicator().size()).isEqualTo(group.size());
                        long machine = new CpuMemory(1).read().totalBytes();
                        assertThat(device.memory().totalBytes()).isEqualTo(machine / group.size());
                    }
                }
            }
            assertThat(found)
                    .containsExactly(
                            "cpu:0 3 threads)",
                            "cpu:1 3 threads)",
                            "cpu:2 2 threads)",
                            "cpu:0 1 thread)",
                            "cpu:1 1 thread)",
                            "cpu:2 1 thread)",
                            "cpu:3 1 thread)");
        }

        @Test
        void opensNoRankThatIsNotThereAndNoneOfABrokenGroup() {
            DeviceGroup group = new CpuDeviceProvider(choice(NO_LIBRARY, FOUND_VECTOR))
                    .choose(new DeviceOptions(List.of(), 2, 1, "vector"));
            for (int rank : new int[] {-1, 2}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> group.open(rank))
                        .withMessage("rank " + rank + " of 2");
            }
            group.abort(new IllegalStateException("planted"));
            EngineException error = refused(() -> group.open(1));
            assertThat(error.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(error).hasMessage("rank 1 was to be opened when the group was broken off: planted");
        }

        @Test
        void isNotAsManyDevicesAsAnybodyAsksFor() {
            CpuDeviceProvider provider = new CpuDeviceProvider(choice(NO_LIBRARY, FOUND_VECTOR));
            for (int devices : new int[] {0, -1, 65, Integer.MAX_VALUE}) {
                EngineException error =
                        refused(() -> provider.choose(new DeviceOptions(List.of(), devices, 1, "auto")));
                assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
                assertThat(error)
                        .hasMessage(
                                devices + " CPU devices were asked for; ask for 1, which uses all processors, or for"
                                        + " up to 64 virtual ones to try out how a model is spread");
            }
        }

        @Test
        void isFoundOnTheClassPath() {
            for (String backend : List.of("cpu", "auto")) {
                try (Device device = Devices.choose(backend, new DeviceOptions(List.of(), 1, 1, "vector"))
                        .open(0)) {
                    assertThat(device).isInstanceOf(CpuDevice.class);
                }
            }
        }
    }
}
