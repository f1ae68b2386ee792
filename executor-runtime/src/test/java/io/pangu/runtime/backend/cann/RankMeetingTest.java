package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cann.ffi.HcclRootInfo;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ranks that wait for one another before they join. */
@Timeout(60)
class RankMeetingTest {
    private static final int LONG = 30_000;

    private static HcclRootInfo info() {
        byte[] bytes = new byte[HcclRootInfo.BYTES];
        bytes[7] = 42;
        return HcclRootInfo.of(bytes);
    }

    private static HcclRootInfo unexpected() {
        throw new AssertionError("rank 0 alone makes it");
    }

    @Test
    void allGetWhatRankZeroMade() throws Exception {
        RankMeeting meeting = new RankMeeting(2);
        CompletableFuture<HcclRootInfo> other =
                CompletableFuture.supplyAsync(() -> meeting.meet(1, RankMeetingTest::unexpected, LONG));
        HcclRootInfo made = meeting.meet(0, RankMeetingTest::info, LONG);
        assertThat(made.toBytes()[7]).isEqualTo((byte) 42);
        assertThat(other.get(30, TimeUnit.SECONDS)).isSameAs(made);
    }

    @Test
    void whoWaitsInVainSaysSoAfterItsLimit() {
        RankMeeting meeting = new RankMeeting(3);
        assertThatThrownBy(() -> meeting.meet(0, RankMeetingTest::info, 20))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_LOST))
                .hasMessage("rank 0 of 3 waited 20 ms for 2 other ranks to join");
    }

    @Test
    void whoWaitsIsToldWhenTheGroupIsBrokenOff() {
        RankMeeting meeting = new RankMeeting(2);
        CompletableFuture<HcclRootInfo> waiting =
                CompletableFuture.supplyAsync(() -> meeting.meet(1, RankMeetingTest::unexpected, LONG));
        meeting.abort(new IllegalStateException("npu:0 is on fire"));
        meeting.abort(new IllegalStateException("a later reason"));
        assertThatThrownBy(waiting::join).hasMessageContaining("npu:0 is on fire");
        assertThatThrownBy(() -> meeting.meet(0, RankMeetingTest::info, LONG))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("npu:0 is on fire");
        assertThatThrownBy(meeting::check).hasMessageContaining("npu:0 is on fire");
    }
}
