package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How long a call may take. */
class CallLimitsTest {
    @AfterEach
    void unset() {
        System.clearProperty(CannSettings.CALL_LIMIT_PROPERTY);
    }

    @ParameterizedTest
    @CsvSource({
        "aclCreateTensor, 1",
        "aclDestroyAclOpExecutor, 1",
        "aclSetInputTensorAddr, 1",
        "aclGetRecentErrMsg, 1",
        "aclInit, 20",
        "aclrtSetDevice, 20",
        "aclrtMalloc, 20",
        "aclrtCreateEventExWithFlag, 20",
        "aclrtGetSocName, 20",
        "aclnnMmGetWorkspaceSize, 20",
        "HcclGetRootInfo, 20",
        "HcclCommDestroy, 20",
        "aclnnMm, 300",
        "aclrtMemcpyAsync, 300",
        "aclrtRecordEvent, 300",
        "aclmdlRIExecuteAsync, 300",
        "aclrtSynchronizeStreamWithTimeout, 550",
        "aclrtSynchronizeEventWithTimeout, 550",
        "HcclCommInitRootInfo, 4000",
        "HcclAllReduce, 4000"
    })
    void isByWhatTheCallDoes(String function, int millis) {
        assertThat(new CallLimits(1, 20, 300, 4000).of(function)).isEqualTo(millis);
    }

    @Test
    void isSetForAllCallsAtOnce() {
        assertThat(CannSettings.current().callLimits()).isEqualTo(CallLimits.DEFAULT);
        System.setProperty(CannSettings.CALL_LIMIT_PROPERTY, " 90000 ");
        assertThat(CannSettings.current().callLimits()).isEqualTo(new CallLimits(90_000, 90_000, 90_000, 90_000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1s", "1000000000"})
    void isRefusedWhenItIsNone(String value) {
        System.setProperty(CannSettings.CALL_LIMIT_PROPERTY, value);
        assertThatThrownBy(CannSettings::current)
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
                .hasMessageContaining(CannSettings.CALL_LIMIT_PROPERTY + " is '" + value + "'");
    }
}
