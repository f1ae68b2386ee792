package io.pangu.runtime.model;

import java.util.List;
import org.junit.jupiter.api.Tag;

/** Every golden checkpoint on one to eight NPUs of the stand-in, with the oldest and the newest operators. */
@Tag("slow")
class NpuGoldenModelTest extends GoldenModelTest {
    static List<GoldenSetup> setups() {
        return GoldenSetup.onNpus();
    }
}
