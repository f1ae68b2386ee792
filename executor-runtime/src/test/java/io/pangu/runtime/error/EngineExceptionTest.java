package io.pangu.runtime.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.error.ErrorCode.Who;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EngineExceptionTest {
    @Test
    void keepsWhatItWasTold() {
        IOException cause = new IOException("disk");
        EngineException error = new EngineException(
                ErrorCode.INVALID_CHECKPOINT, "damaged; fetch it again", Map.of("file", "a", "offset", "3"), cause);
        assertThat(error).hasMessage("damaged; fetch it again").hasCause(cause);
        assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        assertThat(error.context()).isEqualTo(Map.of("file", "a", "offset", "3"));
    }

    @Test
    void hasAnEmptyContextWhereNoneWasGiven() {
        assertThat(new EngineException(ErrorCode.TIMEOUT, "late").context()).isEmpty();
        EngineException caused = new EngineException(ErrorCode.TIMEOUT, "late", new IOException("disk"));
        assertThat(caused.context()).isEmpty();
        assertThat(caused).hasRootCauseMessage("disk");
        assertThat(new EngineException(ErrorCode.TIMEOUT, "late")).hasNoCause();
    }

    @Test
    void itsContextCannotBeChangedFromOutside() {
        Map<String, String> given = new HashMap<>(Map.of("file", "a"));
        EngineException error = new EngineException(ErrorCode.INTERNAL, "x", given, null);
        given.put("file", "b");
        assertThat(error.context()).containsExactly(Map.entry("file", "a"));
        assertThatThrownBy(() -> error.context().put("file", "c")).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void travelsBetweenJvmsWhole() throws IOException, ClassNotFoundException {
        EngineException error = new EngineException(
                ErrorCode.DEVICE_LOST, "gone", Map.of("device", "cpu:0"), new IllegalStateException("why"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(error);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            EngineException arrived = (EngineException) in.readObject();
            assertThat(arrived).hasMessage("gone").hasRootCauseMessage("why");
            assertThat(arrived.code()).isEqualTo(ErrorCode.DEVICE_LOST);
            assertThat(arrived.context()).isEqualTo(error.context());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatAUserMustMendIsNotTriedAgain(ErrorCode code) {
        boolean passes = code == ErrorCode.TIMEOUT || code == ErrorCode.CANCELLED;
        if (code.who() == Who.USER) {
            assertThat(code.isRetryable()).isEqualTo(passes);
        }
    }

    @Test
    void whatMayPassIsTriedAgain() {
        assertThat(Arrays.stream(ErrorCode.values()).filter(ErrorCode::isRetryable))
                .containsExactlyInAnyOrder(
                        ErrorCode.TIMEOUT, ErrorCode.CANCELLED, ErrorCode.DEVICE_LOST, ErrorCode.OUT_OF_MEMORY);
        assertThat(ErrorCode.INTERNAL.who()).isEqualTo(Who.DEVELOPER);
        assertThat(ErrorCode.BACKEND_UNAVAILABLE.who()).isEqualTo(Who.ENVIRONMENT);
    }
}
