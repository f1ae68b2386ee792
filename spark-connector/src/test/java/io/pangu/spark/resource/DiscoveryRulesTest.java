package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules by which NPUs are found, held against the script and against Java alike. */
class DiscoveryRulesTest {
    private static final String RUNTIME_VISIBLE = "ASCEND_RT_VISIBLE_DEVICES";
    private static final String GRANTED = "ASCEND_VISIBLE_DEVICES";

    /** As a host with 910B prints it: a row for each chip, and one for each card's controller. */
    private static final String TWO_CARDS = """
            \tNPU ID                         Chip ID                        Chip Logic ID                  Chip Name
            \t0                              0                              0                              Ascend 910B4
            \t0                              1                              -                              Mcu
            \t1                              0                              1                              Ascend 910B4
            \t1                              1                              -                              Mcu""";

    /** As newer tools print cards with two chips: one more column. */
    private static final String TWO_CHIPS_A_CARD = """
            \tNPU ID                         Chip ID                        Chip Logic ID                  Chip Phy-ID                    Chip Name
            \t0                              0                              0                              0                              Ascend910
            \t0                              1                              1                              1                              Ascend910
            \t0                              2                              -                              -                              Mcu
            \t1                              0                              2                              2                              Ascend910
            \t1                              1                              3                              3                              Ascend910
            \t1                              2                              -                              -                              Mcu""";

    @TempDir
    private Path directory;

    /**
     * A machine and what is found on it.
     *
     * @param nodes names of device nodes
     * @param table what the driver's tool prints; empty: it is not there
     * @param answer logical ids, or the beginning of the error's message
     */
    record Case(String name, String nodes, String table, Map<String, String> variables, String answer) {
        FakeMachine machine(Path directory) {
            FakeMachine machine = new FakeMachine(directory);
            if (!nodes.isEmpty()) {
                machine.withNodes(nodes.split(" "));
            }
            if (!table.isEmpty()) {
                machine.withTable(table);
            }
            variables.forEach(machine::with);
            return machine;
        }

        boolean isError() {
            return !Character.isDigit(answer.charAt(0));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case("tool: its logic ids", "", TWO_CARDS, Map.of(), "0 1"),
                new Case("tool: cards with two chips", "", TWO_CHIPS_A_CARD, Map.of(), "0 1 2 3"),
                new Case("tool before nodes", "davinci0", TWO_CARDS, Map.of(), "0 1"),
                new Case(
                        "nodes where the tool lists nothing",
                        "davinci0",
                        "dcmi module initialize failed",
                        Map.of(),
                        "0"),
                new Case(
                        "nodes, of which some are no NPUs",
                        "davinci0 davinci1 davinci_manager davinci2x devmm_svm",
                        "",
                        Map.of(),
                        "0 1"),
                new Case("nodes in the order of numbers", "davinci10 davinci9 davinci2", "", Map.of(), "0 1 2"),
                new Case("a container's nodes count from 0", "davinci4 davinci5", "", Map.of(), "0 1"),
                new Case(
                        "the container's variable changes nothing there",
                        "davinci4 davinci5",
                        "",
                        Map.of(GRANTED, "4,5"),
                        "0 1"),
                new Case(
                        "a privileged container leaves alone what it was not given",
                        "davinci0 davinci1 davinci2 davinci3 davinci4",
                        "",
                        Map.of(GRANTED, "1,3-4"),
                        "1 3 4"),
                new Case("words in the container's variable say nothing", "davinci0", "", Map.of(GRANTED, "void"), "0"),
                new Case("visible devices count from 0", "", TWO_CHIPS_A_CARD, Map.of(RUNTIME_VISIBLE, "1,3"), "0 1"),
                new Case(
                        "both variables",
                        "davinci0 davinci1 davinci2 davinci3",
                        "",
                        Map.of(RUNTIME_VISIBLE, "1,2,3", GRANTED, "0,3"),
                        "2"),
                new Case(
                        "nothing granted is visible",
                        "davinci0 davinci1 davinci2",
                        "",
                        Map.of(RUNTIME_VISIBLE, "0,1", GRANTED, "2"),
                        "none of the NPUs that this process sees is among ASCEND_VISIBLE_DEVICES=2"),
                new Case("nothing there", "davinci_manager", "", Map.of(), "no NPU was found: npu-smi is not there"),
                new Case(
                        "all hidden",
                        "davinci0",
                        "",
                        Map.of(RUNTIME_VISIBLE, ""),
                        "ASCEND_RT_VISIBLE_DEVICES is empty"),
                visible("0, 1", "is '0, 1'; the runtime reads ids with a comma between them"),
                visible("0,1,", "is '0,1,'; the runtime reads"),
                visible(",0", "is ',0'; the runtime reads"),
                visible("0,,1", "is '0,,1'; the runtime reads"),
                visible("-1", "is '-1'; the runtime reads"),
                visible("0-1", "is '0-1'; the runtime reads"),
                visible("all", "is 'all'; the runtime reads"),
                visible("1,0", "is '1,0'; the runtime wants ids in ascending order, each once"),
                visible("1,1", "is '1,1'; the runtime wants ids in ascending order, each once"),
                visible("0,2", "is '0,2', but there are 2 NPUs here, with ids 0 to 1. Leave out 2"));
    }

    private static Case visible(String value, String error) {
        return new Case(
                "visible devices " + value,
                "davinci0 davinci1",
                "",
                Map.of(RUNTIME_VISIBLE, value),
                RUNTIME_VISIBLE + " " + error);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void holdInJava(Case machine) {
        NpuDiscovery discovery = new NpuDiscovery(machine.machine(directory).environment());

        if (machine.isError()) {
            assertThat(catchThrowable(discovery::npus))
                    .isInstanceOf(ResourceException.class)
                    .hasMessageStartingWith(machine.answer);
        } else {
            assertThat(discovery.npus())
                    .extracting(npu -> String.valueOf(npu.logicalId()))
                    .containsExactly(machine.answer.split(" "));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void holdInTheScript(Case machine) {
        FakeMachine fake = machine.machine(directory);
        FakeMachine.Run run = fake.runScript();

        if (machine.isError()) {
            assertThat(run.exit()).isNotZero();
            assertThat(run.output()).as("what Spark quotes").isEqualTo(run.errors());
            assertThat(run.errors()).startsWith("pangu-npus: " + machine.answer);
            assertThat(run.errors().strip())
                    .as("both say the same")
                    .isEqualTo("pangu-npus: "
                            + catchThrowable(() -> new NpuDiscovery(fake.environment()).npus())
                                    .getMessage());
        } else {
            assertThat(run)
                    .isEqualTo(new FakeMachine.Run(
                            0,
                            "{\"name\": \"npu\", \"addresses\": [\"" + machine.answer.replace(" ", "\", \"") + "\"]}\n",
                            ""));
        }
    }

    @Nested
    class TheScriptsResource {
        private final String addresses = ", \"addresses\": [\"0\"]}\n";

        @Test
        void isNamedByArgument() {
            FakeMachine machine = new FakeMachine(directory).withNpus(1).with("PANGU_RESOURCE", "other");

            assertThat(machine.runScript("Ascend910").output()).isEqualTo("{\"name\": \"Ascend910\"" + addresses);
        }

        @Test
        void isNamedByAVariable() {
            FakeMachine machine = new FakeMachine(directory).withNpus(1).with("PANGU_RESOURCE", "ascend-1980");

            assertThat(machine.runScript().output()).isEqualTo("{\"name\": \"ascend-1980\"" + addresses);
        }

        @ParameterizedTest
        @ValueSource(strings = {"n\"pu", "-npu", "a b", "npu,"})
        void hasNoNameThatWouldBreakTheAnswer(String name) {
            FakeMachine.Run run = new FakeMachine(directory).withNpus(1).runScript(name);

            assertThat(run.exit()).isNotZero();
            assertThat(run.output()).doesNotContain("addresses");
            assertThat(run.errors()).contains("the resource's name is '" + name + "'");
        }

        @Test
        void isExplainedToWhoAsks() {
            FakeMachine.Run run = new FakeMachine(directory).runScript("--help");

            assertThat(run.exit()).isZero();
            assertThat(run.output())
                    .startsWith("Tells Spark which Ascend NPUs this process may use")
                    .contains("usage: pangu-npus [NAME]")
                    .doesNotContain("set -u");
        }
    }
}
