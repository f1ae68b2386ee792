package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.EngineRequest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RequestSeedTest {
    @Test
    void isWhatTheCallNames() {
        assertThat(RequestSeed.of(Calls.user("Hi", Calls.everything()))).isEqualTo(11);
    }

    @Test
    void isTheSameInEveryJvm() {
        // Written down once: another value would change the draws of every job that is run again.
        assertThat(RequestSeed.of(Calls.user("Hi"))).isEqualTo(PINNED);
        assertThat(RequestSeed.of(Calls.user("Hi"))).isNotNegative();
    }

    @Test
    void doesNotDependOnTheOrderOfTheLogitBias() {
        long seed = RequestSeed.of(Calls.user("Hi", Calls.biased(Map.of(1, 2.0, 3, 4.0, 5, 6.0))));

        assertThat(RequestSeed.of(Calls.user("Hi", Calls.biased(Map.of(5, 6.0, 3, 4.0, 1, 2.0)))))
                .isEqualTo(seed);
        assertThat(RequestSeed.of(Calls.user("Hi", Calls.biased(Map.of(1, 2.0, 3, 4.0)))))
                .isNotEqualTo(seed);
    }

    @Test
    void tellsTextsAndTurnsApart() {
        EngineRequest.Generate one = new EngineRequest.Generate(List.of(new ChatTurn("user", "ab")), Calls.DEFAULTS);
        EngineRequest.Generate two = new EngineRequest.Generate(
                List.of(new ChatTurn("user", "a"), new ChatTurn("user", "b")), Calls.DEFAULTS);

        assertThat(RequestSeed.of(one)).isNotEqualTo(RequestSeed.of(two));
        assertThat(RequestSeed.of(Calls.user("Hi"))).isNotEqualTo(RequestSeed.of(Calls.user("Hi ")));
    }

    private static final long PINNED = 1_163_861_146_736_236_436L;
}
