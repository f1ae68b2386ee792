package io.pangu.runtime.backend.cann;

/** The contract with the newest operators, in libraries in parts. */
class NewestCannDeviceTest extends CannDeviceContract {
    NewestCannDeviceTest() {
        super(StandInCann.Layout.SPLIT);
    }
}
