package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Availability;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.backend.cpu.KernelChoice.Lookup;
import io.pangu.runtime.backend.cpu.math.BlockKernels;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
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
                            new Availability.Available(1, Runtime.getRuntime().availableProcessors() + " processors"));
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
            assertThat(refused(() -> provider.open(one)).code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
        }

        @Test
        void opensOneDeviceOnAsManyThreadsAsAreAskedFor() {
            CpuDeviceProvider provider = new CpuDeviceProvider(choice(NO_LIBRARY, FOUND_VECTOR));
            for (int threads : new int[] {1, 2, 5}) {
                List<Device> devices = provider.open(new DeviceOptions(List.of("0"), 9, threads, "vector"));
                assertThat(devices)
                        .singleElement()
                        .satisfies(device -> assertThat(device.description())
                                .isEqualTo("cpu:0 (" + VECTOR.description() + ", " + threads
                                        + (threads == 1 ? " thread)" : " threads)")));
                devices.getFirst().close();
            }
            Device all =
                    provider.open(new DeviceOptions(List.of(), 1, 0, "vector")).getFirst();
            assertThat(all.description()).contains(" " + Runtime.getRuntime().availableProcessors() + " thread");
            all.close();
        }

        @Test
        void isOneDeviceAndNoMore() {
            CpuDeviceProvider provider = new CpuDeviceProvider(choice(NO_LIBRARY, FOUND_VECTOR));
            String message = " CPU devices were asked for; the CPU is one device, give it more threads instead";
            assertThat(refused(() -> provider.open(new DeviceOptions(List.of(), 3, 1, "auto"))))
                    .hasMessage("3" + message);
            assertThat(refused(() -> provider.open(new DeviceOptions(List.of("0", "1"), 1, 1, "auto"))))
                    .hasMessage("2" + message);
        }

        @Test
        void isFoundOnTheClassPath() {
            for (String backend : List.of("cpu", "auto")) {
                List<Device> devices = Devices.open(backend, new DeviceOptions(List.of(), 1, 1, "vector"));
                assertThat(devices).singleElement().isInstanceOf(CpuDevice.class);
                devices.getFirst().close();
            }
        }
    }
}
