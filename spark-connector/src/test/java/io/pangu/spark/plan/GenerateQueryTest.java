package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.plan.FakeSession.Answer;
import org.junit.jupiter.api.Test;

class GenerateQueryTest {
    @Test
    void answersEveryRowOfATableOnce() {
        Answer answer = FakeSession.run("SELECT id, generate(prompt) FROM t");

        assertThat(answer.rows()).hasSize(40).contains("[0,<p0>]", "[39,<p39>]");
        assertThat(answer.calls()).isEqualTo(40);
        assertThat(answer.mostForOnePrompt()).isEqualTo(1);
    }
}
