package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.DeviceMemoryKind;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A test on device 0 of the stand-in, set on the test's thread, with a stream and an arena. */
abstract class NpuTest {
    static final int TIMEOUT_MILLIS = 10_000;

    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    CannBindings cann;
    Acl.Stream stream;
    CannArena arena;
    Arena host;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after the test
    void openDevice() {
        cann = standIn.cann().bindings(StandInCann.Layout.WHOLE);
        cann.devices().init(null);
        cann.devices().setDevice(0);
        stream = cann.streams().createStream();
        arena = new CannArena(cann.memory(), "npu:0", DeviceMemoryKind.HBM, 4 << 20);
        host = Arena.ofConfined();
    }

    @AfterEach
    void closeDevice() {
        arena.close();
        host.close();
        cann.streams().destroyStreamForce(stream);
        cann.devices().resetDevice(0);
    }
}
