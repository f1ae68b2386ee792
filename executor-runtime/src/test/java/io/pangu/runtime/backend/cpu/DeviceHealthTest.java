package io.pangu.runtime.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceHealthTest {
    private final DeviceHealth health = new DeviceHealth("cpu:3");
    private final List<String> done = new ArrayList<>();

    @Test
    void runsWhatItIsGiven() {
        health.run("one", () -> done.add("one"));
        health.check();
        health.run("two", () -> done.add("two"));
        assertThat(done).containsExactly("one", "two");
    }

    @Test
    void isLostForGoodAfterOneFailure() {
        IllegalStateException cause = new IllegalStateException("planted");
        EngineException first = catchThrowableOfType(
                EngineException.class,
                () -> health.run("rope", () -> {
                    throw cause;
                }));
        assertThat(first)
                .hasMessage("device cpu:3 failed while trying to run rope: planted")
                .hasCause(cause);
        assertThat(first.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(first.code().isRetryable()).isTrue();
        assertThat(first.context()).isEqualTo(Map.of("device", "cpu:3"));
        for (int i = 0; i < 2; i++) {
            EngineException later =
                    catchThrowableOfType(EngineException.class, () -> health.run("later", () -> done.add("later")));
            assertThat(later)
                    .hasMessage("device cpu:3 is unusable since an operation failed on it; start a new engine")
                    .hasCause(cause);
            assertThat(later.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        }
        assertThat(done).isEmpty();
    }

    @Test
    void passesErrorsOnAndIsLostToo() {
        assertThatThrownBy(() -> health.run("rope", () -> {
                    throw new OutOfMemoryError("planted");
                }))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(catchThrowableOfType(EngineException.class, health::check).code())
                .isEqualTo(ErrorCode.DEVICE_LOST);
    }

    @Test
    void passesOnWhatDevicesDoTogetherFailsWithAndIsLostToo() {
        health.runJoined(() -> done.add("sum"));
        IllegalStateException cause = new IllegalStateException("rank 1 did not come");
        assertThatThrownBy(() -> health.runJoined(() -> {
                    throw cause;
                }))
                .isSameAs(cause);
        EngineException later =
                catchThrowableOfType(EngineException.class, () -> health.runJoined(() -> done.add("later")));
        assertThat(later.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(later).hasCause(cause);
        assertThat(done).containsExactly("sum");
    }

    @Test
    void refusesAllOnceItIsClosed() {
        assertThat(health.close()).isTrue();
        assertThat(health.close()).isFalse();
        assertThatThrownBy(() -> health.run("late", () -> done.add("late")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("device cpu:3 is closed");
        assertThat(done).isEmpty();
    }
}
