package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.Availability;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.DeviceProvider;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cpu.CpuDeviceProvider;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which NPUs there are, and which of them an engine gets. */
class CannDeviceProviderTest {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private DeviceProvider provider;

    @BeforeEach
    void find() {
        provider = new StandInNpus(standIn.cann(), Layout.WHOLE).provider();
    }

    private static DeviceOptions addresses(String... addresses) {
        return new DeviceOptions(List.of(addresses), 1, 0, "auto");
    }

    @Test
    void isAmongThoseOfTheClassPathAndBeforeTheCpu() {
        assertThat(ServiceLoader.load(DeviceProvider.class).stream()
                        .map(each -> each.get().name()))
                .contains("cann", "cpu");
        assertThat(provider.priority()).isGreaterThan(new CpuDeviceProvider().priority());
        assertThat(provider.isExclusive()).isTrue();
    }

    @Test
    void findsNpusWithoutLoadingAnything() {
        standIn.cann().keepLog(10);
        long start = System.nanoTime();
        assertThat(provider.probe()).isInstanceOfSatisfying(Availability.Available.class, found -> {
            assertThat(found.numDevices()).isEqualTo(8);
            assertThat(found.summary()).contains("8 NPUs").contains("cann-standin");
        });
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        assertThat(standIn.cann().log()).as("calls of CANN").isEmpty();
    }

    @Test
    void saysWhatIsMissingOnAMachineWithoutNpus() {
        CannMachine bare =
                new CannMachine(Path.of("/"), Path.of("target/no-such-directory"), Map.of(), Optional.empty(), "amd64");
        DeviceProvider none = new CannDeviceProvider(bare, StandInNpus.SETTINGS);
        assertThat(none.probe())
                .isInstanceOfSatisfying(
                        Availability.Unavailable.class,
                        no -> assertThat(no.reason()).contains("davinci_manager"));
        EngineException error = catchThrowableOfType(EngineException.class, () -> none.choose(addresses("0")));
        assertThat(error.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
        assertThat(error).hasMessageContaining("davinci_manager");
    }

    @Test
    void takesTheAddressesInTheirOrder() {
        assertThat(provider.choose(addresses("5", "2")).size()).isEqualTo(2);
        try (Device device = provider.choose(addresses("5")).open(0)) {
            assertThat(device.index()).isEqualTo(5);
            assertThat(device.description()).startsWith("npu:5 (Ascend910B1").endsWith("64 GiB)");
            assertThat(device.communicator().size()).isEqualTo(1);
        }
    }

    @Test
    void takesTheFirstWhereNoneAreNamed() {
        assertThat(provider.choose(new DeviceOptions(List.of(), 4, 0, "auto")).size())
                .isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"8", "x", "-1", "0000000001", "3,3"})
    void refusesAddressesThatAreNone(String list) {
        DeviceOptions options = addresses(list.split(",", -1));
        EngineException error = catchThrowableOfType(EngineException.class, () -> provider.choose(options));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessageContaining(list.split(",", -1)[0]);
    }

    @Test
    void refusesMoreDevicesThanThereAre() {
        DeviceOptions nine = new DeviceOptions(List.of(), 9, 0, "auto");
        EngineException error = catchThrowableOfType(EngineException.class, () -> provider.choose(nine));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessageContaining("this process sees 8");
    }

    @Test
    void refusesADeviceThatCannDoesNotShow() {
        standIn.cann().set("devices", 2);
        EngineException error = catchThrowableOfType(
                EngineException.class, () -> provider.choose(addresses("5")).open(0));
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
        assertThat(error).hasMessageContaining("npu:5").hasMessageContaining("shows this process 2");
    }
}
