package io.pangu.runtime.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StepThreadTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @Test
    void stepsRunOnOneDaemonPlatformThreadOfThatName() {
        try (StepThread thread = new StepThread("npu-3", LONG)) {
            Thread first = thread.run("looking", Thread::currentThread);
            Thread second = thread.run("looking", Thread::currentThread);
            assertThat(first).isSameAs(second).isNotSameAs(Thread.currentThread());
            assertThat(first.getName()).isEqualTo("pangu-doctor-npu-3");
            assertThat(first.isDaemon()).isTrue();
            assertThat(first.isVirtual()).isFalse();
        }
    }

    @Test
    void aFailureKeepsItsWordsAndTheThread() {
        try (StepThread thread = new StepThread("t", LONG)) {
            StepFailure failure = catchThrowableOfType(
                    StepFailure.class,
                    () -> thread.run("trying", () -> {
                        throw new IllegalStateException("no such thing");
                    }));
            assertThat(failure.words()).isEqualTo("no such thing");
            assertThat(failure.isTimeout()).isFalse();
            assertThat(thread.isLost()).isFalse();
            assertThat(thread.run("again", () -> 7)).isEqualTo(7);
        }
    }

    @Test
    void aFailureWithoutWordsIsNamedByItsKind() {
        try (StepThread thread = new StepThread("t", LONG)) {
            assertThatThrownBy(() -> thread.run("trying", () -> {
                        throw new UnsupportedOperationException();
                    }))
                    .hasMessageContaining("UnsupportedOperationException");
        }
    }

    @Test
    void aFaultOfTheMachineIsNotTakenForAFinding() {
        try (StepThread thread = new StepThread("t", LONG)) {
            assertThatThrownBy(() -> thread.run("trying", () -> {
                        throw new OutOfMemoryError("heap");
                    }))
                    .isInstanceOf(OutOfMemoryError.class);
            assertThatThrownBy(() -> thread.run("trying", () -> {
                        throw new NoClassDefFoundError("x");
                    }))
                    .isInstanceOf(StepFailure.class);
        }
    }

    @Test
    void aStepThatDoesNotComeBackIsGivenUpAndCleanedUpWhenItDoes() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch cleaned = new CountDownLatch(1);
        try (StepThread thread = new StepThread("npu-0", Duration.ofMillis(30))) {
            StepFailure failure = catchThrowableOfType(
                    StepFailure.class,
                    () -> thread.run("aclrtMalloc", () -> {
                        release.await();
                        return 1;
                    }));
            assertThat(failure.isTimeout()).isTrue();
            assertThat(failure.words()).isEqualTo("aclrtMalloc did not come back within 0.03 s and was given up");
            assertThat(thread.isLost()).isTrue();
            assertThatThrownBy(() -> thread.run("more", () -> 2)).hasMessageContaining("npu-0 does not answer");
            thread.later(cleaned::countDown);
        }
        assertThat(cleaned.getCount()).isEqualTo(1);
        release.countDown();
        assertThat(cleaned.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
