package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ExecutorCoresTest {
    private static final String THREADS = "spark.pangu.threads";

    private static EngineSettings settings(Map<String, String> options) {
        return new EngineSettings("/models/tiny", options, List.of("1"));
    }

    @Test
    void becomeThreadsWhereNobodySaysHowMany() {
        Map<String, String> others = Map.of("spark.pangu.weights", "int8");
        EngineSettings applied = ExecutorCores.applyTo(settings(others), Optional.of("3"));

        assertThat(applied).isEqualTo(settings(Map.of("spark.pangu.weights", "int8", THREADS, "3")));
        assertThat(EngineConfigReader.read(applied).threads()).isEqualTo(3);
    }

    @Test
    void becomeThreadsWhereTheUserLeavesItToUs() {
        assertThat(ExecutorCores.applyTo(settings(Map.of(THREADS, "0")), Optional.of("2")))
                .isEqualTo(settings(Map.of(THREADS, "2")));
    }

    @Test
    void giveWayToTheUsersNumber() {
        EngineSettings wanted = settings(Map.of(THREADS, "5"));

        assertThat(ExecutorCores.applyTo(wanted, Optional.of("2"))).isEqualTo(wanted);
    }

    @Test
    void leaveTheSettingsAloneWhereSparkNamesNone() {
        EngineSettings plain = settings(Map.of());

        assertThat(ExecutorCores.applyTo(plain, Optional.empty())).isEqualTo(plain);
        // There is no executor in this JVM.
        assertThat(ExecutorCores.applyTo(plain)).isEqualTo(plain);
    }
}
