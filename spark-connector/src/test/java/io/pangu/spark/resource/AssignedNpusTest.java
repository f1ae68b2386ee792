package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssignedNpusTest {
    private static final String VISIBLE = "ASCEND_RT_VISIBLE_DEVICES";

    @TempDir
    private Path directory;

    private static List<Npu> of(FakeMachine machine, String... addresses) {
        return AssignedNpus.of(List.of(addresses), machine.environment());
    }

    @Nested
    class Found {
        @Test
        void keepTheOrderInWhichSparkGaveThem() {
            FakeMachine machine = new FakeMachine(directory).withNpus(8);

            assertThat(of(machine, "6", "2", "7")).containsExactly(new Npu(6, 6), new Npu(2, 2), new Npu(7, 7));
        }

        @Test
        void areThoseBehindTheVisibleDevices() {
            FakeMachine machine = new FakeMachine(directory).withNpus(8).with(VISIBLE, "4,5,7");

            assertThat(of(machine, "2", "0")).containsExactly(new Npu(2, 7), new Npu(0, 4));
        }

        @Test
        void countFromZeroInAContainer() {
            FakeMachine machine = new FakeMachine(directory).withNodes("davinci4", "davinci6", "davinci5");

            assertThat(of(machine, "0", "2")).containsExactly(new Npu(0, 4), new Npu(2, 6));
        }

        @Test
        void areVisibleDevicesAmongAContainersNodes() {
            FakeMachine machine = new FakeMachine(directory)
                    .withNodes("davinci4", "davinci5", "davinci6")
                    .with(VISIBLE, "1,2");

            assertThat(of(machine, "0", "1")).containsExactly(new Npu(0, 5), new Npu(1, 6));
        }

        @Test
        void areTakenAtTheirWordWhereThereAreNoNodes() {
            FakeMachine machine = new FakeMachine(directory);

            assertThat(of(machine, "3", "9")).containsExactly(new Npu(3, 3), new Npu(9, 9));
            assertThat(of(machine.with(VISIBLE, "3,9"), "1")).containsExactly(new Npu(1, 9));
        }
    }

    @Nested
    class Refused {
        @Test
        void isAnAddressBeyondTheVisibleDevices() {
            FakeMachine machine = new FakeMachine(directory).withNpus(8).with(VISIBLE, "0,1");

            assertThatThrownBy(() -> of(machine, "1", "2"))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageContaining("Spark assigned NPU addresses 1, 2")
                    .hasMessageContaining("with ASCEND_RT_VISIBLE_DEVICES=0,1 this process has logical ids 0 to 1")
                    .hasMessageContaining("no NPU here has the id 2")
                    .hasMessageContaining("pangu-npus");
        }

        @Test
        void isTheMachinesNumberWhereTheRuntimeCountsAnew() {
            FakeMachine machine = new FakeMachine(directory).withNpus(8).with(VISIBLE, "4,5,6,7");

            assertThatThrownBy(() -> of(machine, "4", "5"))
                    .hasMessageContaining("Spark assigned NPU addresses 4, 5")
                    .hasMessageContaining("ASCEND_RT_VISIBLE_DEVICES=4,5,6,7")
                    .hasMessageContaining("4 is the NPU's number on the machine; here it is logical id 0");
        }

        @Test
        void isTheMachinesNumberInAContainer() {
            FakeMachine machine = new FakeMachine(directory).withNodes("davinci4", "davinci5");

            assertThatThrownBy(() -> of(machine, "5"))
                    .hasMessageContaining("has the nodes of 2 NPUs (davinci 4, 5), so that logical ids are 0 to 1")
                    .hasMessageContaining("5 is the NPU's number on the machine; here it is logical id 1");
        }

        @Test
        void isAnAddressThatIsNoNumber() {
            FakeMachine machine = new FakeMachine(directory).withNpus(2);

            for (String address : List.of("npu0", "-1", "0x1", "", " 1", "99999999999")) {
                assertThatThrownBy(() -> of(machine, "0", address))
                        .hasMessageContaining("NPU address '" + address + "' (of 0, " + address + ") is no logical id");
            }
        }

        @Test
        void isAnAddressThatIsThereTwice() {
            FakeMachine machine = new FakeMachine(directory).withNpus(2);

            assertThatThrownBy(() -> of(machine, "0", "1", "0"))
                    .hasMessageContaining("NPU address '0' was assigned twice (0, 1, 0)");
        }

        @Test
        void isAListOfVisibleDevicesThatTheRuntimeWouldNotTake() {
            FakeMachine machine = new FakeMachine(directory).withNpus(8);

            assertThatThrownBy(() -> of(machine.with(VISIBLE, "5,4"), "0"))
                    .hasMessageContaining("'5,4'; the runtime wants");
            assertThatThrownBy(() -> of(machine.with(VISIBLE, "4, 5"), "0"))
                    .hasMessageContaining("'4, 5'; the runtime reads");
            assertThatThrownBy(() -> of(machine.with(VISIBLE, "7,8"), "0")).hasMessageContaining("Leave out 8");
        }
    }
}
