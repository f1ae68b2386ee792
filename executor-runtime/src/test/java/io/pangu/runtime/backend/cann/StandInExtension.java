package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Gives each test a fresh {@link StandInCann}, and fails it for whatever it leaves behind there. */
public final class StandInExtension implements BeforeEachCallback, AfterEachCallback {
    private @Nullable StandInCann standIn;

    @Override
    public void beforeEach(ExtensionContext context) {
        standIn = StandInCann.fresh();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        StandInCann cann = standIn;
        if (cann == null) {
            return; // there is no compiler, the test was skipped
        }
        standIn = null;
        boolean hasPassed = context.getExecutionException().isEmpty();
        if (hasPassed) {
            assertThat(cann.violations()).as("broken rules").isEmpty();
            assertThat(cann.leaks()).as("left behind").isEmpty();
        }
    }

    /** The stand-in of the running test. */
    public StandInCann cann() {
        StandInCann cann = standIn;
        if (cann == null) {
            throw new IllegalStateException("no test is running");
        }
        return cann;
    }
}
