package io.pangu.runtime.backend.cann;

import org.junit.jupiter.api.Tag;

/** The contract with the operators of 8.1.RC1. */
@Tag("slow")
class OldestCannDeviceTest extends CannDeviceContract {
    OldestCannDeviceTest() {
        super(StandInCann.Layout.WHOLE);
    }
}
