package io.pangu.runtime.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpertGroupsTest {
    @Test
    void ofOneDeviceAreAll() {
        assertThat(ExpertGroups.all(8)).isEqualTo(new ExpertGroups(8, 0, 8));
    }

    @Test
    void haveEquallyManyExperts() {
        assertThat(new ExpertGroups(8, 6, 2).expertsPerGroup(64)).isEqualTo(8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ExpertGroups.all(8).expertsPerGroup(60))
                .withMessage("60 experts in 8 groups");
    }

    @ParameterizedTest
    @CsvSource({"8, -1, 2", "8, 0, 0", "8, 7, 2", "8, 0, 9", "0, 0, 0", "8, 2147483647, 1"})
    void lieWithinTheModels(int numGroups, int first, int count) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ExpertGroups(numGroups, first, count))
                .withMessageStartingWith("groups " + first + " to ")
                .withMessageEndingWith(" of " + numGroups);
    }
}
