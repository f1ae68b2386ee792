package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.error.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CannStatusTest {
    @ParameterizedTest
    @CsvSource({
        "0, ACL_SUCCESS, SUCCESS",
        "100002, ACL_ERROR_REPEAT_INITIALIZE, REPEATED",
        "107002, ACL_ERROR_RT_CONTEXT_NULL, INVALID_STATE",
        "161002, ACLNN_ERR_PARAM_INVALID, INVALID_ARGUMENT",
        "207000, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, UNSUPPORTED",
        "207001, ACL_ERROR_RT_MEMORY_ALLOCATION, OUT_OF_MEMORY",
        "361001, ACLNN_ERR_RUNTIME_ERROR, DEVICE_LOST",
        "507015, ACL_ERROR_RT_AICORE_EXCEPTION, DEVICE_LOST",
        "507046, ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, TIMEOUT",
        "507054, ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR, DEVICE_LOST",
        "507903, ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, INVALID_STATE",
        "561107, ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND, ENVIRONMENT"
    })
    void aStatusHasANameAndAKind(int code, String name, StatusKind kind) {
        CannStatus status = CannStatus.acl(code);
        assertThat(status.name()).isEqualTo(name);
        assertThat(status.kind()).isEqualTo(kind);
        assertThat(status.meaning()).isNotBlank();
        assertThat(status).hasToString(name + " (" + code + ")");
    }

    @ParameterizedTest
    @CsvSource({
        "0, HCCL_SUCCESS, SUCCESS",
        "1, HCCL_E_PARA, INVALID_ARGUMENT",
        "9, HCCL_E_TIMEOUT, PEER_LOST",
        "20, HCCL_E_AGAIN, NOT_READY",
        "24, HCCL_E_OOM, OUT_OF_MEMORY"
    })
    void collectivesHaveNumbersOfTheirOwn(int code, String name, StatusKind kind) {
        CannStatus status = CannStatus.hccl(code);
        assertThat(status.name()).isEqualTo(name);
        assertThat(status.kind()).isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource({
        "507777, DEVICE_LOST",
        "361999, DEVICE_LOST",
        "207777, RESOURCE_EXHAUSTED",
        "107777, INVALID_ARGUMENT",
        "161777, INVALID_ARGUMENT",
        "561777, INTERNAL",
        "-1, INTERNAL"
    })
    void aStatusThatIsNewerThanTheTableFallsUnderItsThousand(int code, StatusKind kind) {
        CannStatus status = CannStatus.acl(code);
        assertThat(status.kind()).isEqualTo(kind);
        assertThat(status).hasToString("status " + code);
    }

    @Test
    void anUnknownStatusOfACollectiveIsALostPeer() {
        assertThat(CannStatus.hccl(4711).kind()).isEqualTo(StatusKind.PEER_LOST);
    }

    @ParameterizedTest
    @CsvSource({
        "OUT_OF_MEMORY, OUT_OF_MEMORY",
        "RESOURCE_EXHAUSTED, OUT_OF_MEMORY",
        "DEVICE_LOST, DEVICE_LOST",
        "PEER_LOST, DEVICE_LOST",
        "TIMEOUT, DEVICE_LOST",
        "UNSUPPORTED, BACKEND_UNAVAILABLE",
        "ENVIRONMENT, BACKEND_UNAVAILABLE",
        "INVALID_ARGUMENT, INTERNAL",
        "INVALID_STATE, INTERNAL"
    })
    void aKindHasACodeOfTheRuntime(StatusKind kind, ErrorCode code) {
        assertThat(kind.errorCode()).isEqualTo(code);
    }

    @Test
    void whatAUserCanMendIsRetriedOnlyWhereThatHelps() {
        assertThat(StatusKind.DEVICE_LOST.errorCode().isRetryable()).isTrue();
        assertThat(StatusKind.OUT_OF_MEMORY.errorCode().isRetryable()).isTrue();
        assertThat(StatusKind.INVALID_ARGUMENT.errorCode().isRetryable()).isFalse();
        assertThat(StatusKind.ENVIRONMENT.errorCode().isRetryable()).isFalse();
    }
}
