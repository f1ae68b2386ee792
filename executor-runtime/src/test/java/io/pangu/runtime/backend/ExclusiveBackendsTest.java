package io.pangu.runtime.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.engine.InferenceEngines;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import org.junit.jupiter.api.Test;

/** Who has to see to it that one process alone uses a device. */
class ExclusiveBackendsTest {
    @Test
    void processorsAreShared() {
        assertThat(Devices.provider("cpu").isExclusive()).isFalse();
        assertThat(InferenceEngines.takesExclusiveDevices("cpu")).isFalse();
    }

    @Test
    void aBackendThatIsNotThereIsSaidToBeUnknown() {
        assertThatThrownBy(() -> InferenceEngines.takesExclusiveDevices("cuda"))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
                .hasMessageContaining("backend 'cuda' is unknown");
    }
}
