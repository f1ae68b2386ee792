package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpuChipsTest {
    @TempDir
    private Path directory;

    @Test
    void givesUpAToolThatHangs() {
        FakeMachine machine = new FakeMachine(directory).withTool("echo '0 0 0 Ascend 910B4'\nexec sleep 60\n");

        long start = System.nanoTime();
        List<Integer> chips = NpuChips.byTool(machine.environment().npuSmi(), Duration.ofMillis(200));

        assertThat(chips).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void triesTheNextPlaceWhereThereIsNoTool() {
        FakeMachine machine = new FakeMachine(directory).withTable("0 0 0 Ascend 910B4");

        assertThat(NpuChips.byTool(
                        List.of(
                                "/no/such/npu-smi",
                                machine.environment().npuSmi().get(0)),
                        NpuChips.LIMIT))
                .containsExactly(0);
        assertThat(NpuChips.byTool(List.of("/no/such/npu-smi"), NpuChips.LIMIT)).isEmpty();
    }

    @Test
    void takesRowsOfChipsThatComputeAndNothingElse() {
        assertThat(NpuChips.parse("""
                        NPU ID  Chip ID  Chip Logic ID  Chip Name
                        8 0 1 Ascend
                        8 1 - Mcu
                        3 0 0 Ascend
                        9 0 N/A Ascend
                        7 0 5
                        7 0 5x
                        | 4  0  6 |
                        """)).containsExactly(0, 1, 5);
    }

    @Test
    void findsNoNodeInADirectoryThatIsNotThere() {
        assertThat(NpuChips.byNodes(directory.resolve("nothing"))).isEmpty();
    }
}
