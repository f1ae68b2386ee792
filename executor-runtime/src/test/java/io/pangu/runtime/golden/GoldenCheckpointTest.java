package io.pangu.runtime.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pangu.runtime.golden.GoldenCheckpoint.Case;
import io.pangu.runtime.golden.GoldenCheckpoint.Score;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class GoldenCheckpointTest {
    static final List<String> NAMES = Stream.concat(
                    GoldenCheckpoint.NAMES.stream(), GoldenCheckpoint.QUANTIZED_NAMES.stream())
            .toList();

    @ParameterizedTest
    @FieldSource("NAMES")
    void greedyIdsAreTheLargestOfTheirLogits(String name) {
        GoldenCheckpoint golden = GoldenCheckpoint.load(name);
        assertThat(golden.cases()).hasSize(6);
        for (int i = 0; i < golden.cases().size(); i++) {
            Case c = golden.cases().get(i);
            float[][] logits = golden.logits(i);
            assertThat(logits).hasDimensions(c.teacherForced().length, logits[0].length);
            for (int j = 0; j < c.greedy().length; j++) {
                float[] row = logits[c.prompt().length - 1 + j];
                assertThat(largest(row)).isEqualTo(c.greedy()[j]);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void firstLogProbabilityOfAContinuationFollowsFromTheLogits(String name) {
        GoldenCheckpoint golden = GoldenCheckpoint.load(name);
        for (Score score : golden.scores()) {
            Case c = golden.cases().get(score.caseIndex());
            float[] row = golden.logits(score.caseIndex())[c.prompt().length - 1];
            double sum = 0;
            for (float logit : row) {
                sum += Math.exp(logit);
            }
            double logSum = Math.log(sum);
            score.continuations()
                    .forEach(s -> assertThat(row[s.tokens()[0]] - logSum).isCloseTo(s.logprobs()[0], within(1e-5)));
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void embeddingsAreThere(String name) {
        GoldenCheckpoint golden = GoldenCheckpoint.load(name);
        assertThat(golden.embeddingCases()).isNotEmpty();
        for (int i : golden.embeddingCases()) {
            assertThat(golden.meanEmbedding(i)).hasSameSizeAs(golden.lastEmbedding(i));
        }
    }

    private static int largest(float[] row) {
        int best = 0;
        for (int i = 1; i < row.length; i++) {
            best = row[i] > row[best] ? i : best;
        }
        return best;
    }
}
