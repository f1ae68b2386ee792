package io.pangu.runtime.model;

import java.util.List;
import org.junit.jupiter.api.Tag;

/** Every golden checkpoint in every precision on CPUs, on one to eight virtual devices, with both kinds of kernels. */
@Tag("slow")
class CpuGoldenModelTest extends GoldenModelTest {
    static List<GoldenSetup> setups() {
        return GoldenSetup.onCpus();
    }
}
