package io.pangu.runtime.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInExtension;
import io.pangu.runtime.doctor.Patient.Visit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever fails, is late or hangs: a report comes, says so, and nothing stays behind. */
class DoctorFaultsTest {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aReportComesUnderRandomFaults(long seed) throws IOException {
        Patient patient = new Patient(
                Files.createDirectory(directory.resolve("patient")),
                standIn.cann().home(Layout.SPLIT).directory());
        standIn.cann().set("connect_timeout_ms", 200);
        standIn.cann().set("exec_timeout_ms", 200);
        standIn.cann().randomFaults("*", 0.003, seed, List.of(Fault.FAIL, Fault.LATE, Fault.TASK_FAIL, Fault.HANG), 20);
        Visit visit = patient.visit("--devices", "0,1", "--time-limit", "1");
        standIn.cann().clearFaults();
        // at this rate every examination meets some, and no number may be believed after that without saying so
        assertThat(standIn.cann().get("faults.fired")).isPositive();
        assertThat(visit.status()).isEqualTo(visit.findings("FAIL").isEmpty() ? 0 : 1);
        assertThat(visit.text()).contains("pangu can");
        await().until(() -> {
            standIn.cann().release();
            return standIn.cann().leaks().isEmpty();
        });
    }
}
