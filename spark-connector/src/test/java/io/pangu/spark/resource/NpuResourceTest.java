package io.pangu.spark.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpuResourceTest {
    private static final Optional<String> NOT_SET = Optional.empty();

    @ParameterizedTest
    @ValueSource(strings = {"npu", "Ascend910", "ascend-1980"})
    void isUnderstoodByAnyOfItsUsualNames(String name) {
        assertThat(NpuResource.among(List.of("gpu", name), NOT_SET)).contains(name);
        assertThat(NpuResource.isNpu(name, NOT_SET)).isTrue();
    }

    @Test
    void isNoOtherResource() {
        assertThat(NpuResource.among(List.of("gpu", "NPU", "fpga"), NOT_SET)).isEmpty();
        assertThat(NpuResource.among(List.of(), NOT_SET)).isEmpty();
        assertThat(NpuResource.isNpu("gpu", NOT_SET)).isFalse();
    }

    @Test
    void isTheConfiguredOneAndThenNoOther() {
        assertThat(NpuResource.among(List.of("accelerator", "npu"), Optional.of("accelerator")))
                .contains("accelerator");
        assertThat(NpuResource.isNpu("npu", Optional.of("accelerator"))).isFalse();
        assertThat(NpuResource.among(List.of("gpu"), Optional.of("accelerator")))
                .isEmpty();
    }

    @Test
    void mustNotBeTwo() {
        assertThatThrownBy(() -> NpuResource.among(List.of("npu", "gpu", "Ascend910"), NOT_SET))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("Ascend910, npu")
                .hasMessageContaining("spark.pangu.resource");
        assertThat(NpuResource.among(List.of("npu", "Ascend910"), Optional.of("npu")))
                .contains("npu");
    }

    @Test
    void isMissedWhereNpusWereAssignedByAnotherName() {
        assertThatThrownBy(() -> NpuResource.among(List.of("npu"), Optional.of("accelerator")))
                .hasMessageContaining("spark.pangu.resource is 'accelerator'")
                .hasMessageContaining("the resource npu");
    }
}
