package io.pangu.runtime.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.backend.ExpertGroups;
import io.pangu.runtime.backend.HeadLayout;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardPlanTest {
    /** Pangu Pro MoE 72B. */
    private static final ModelConfig LARGE = config(153_376, 40, 8, new ModelConfig.GroupedExperts(64, 8, 1344, 5376));

    private static ModelConfig config(int vocab, int heads, int kvHeads, ModelConfig.FeedForward feedForward) {
        return new ModelConfig(
                feedForward instanceof ModelConfig.Dense
                        ? ModelConfig.Architecture.PANGU_EMBEDDED
                        : ModelConfig.Architecture.PANGU_PRO_MOE,
                vocab,
                5120,
                48,
                heads,
                kvHeads,
                128,
                feedForward,
                1e-5f,
                16_000_000,
                131_072,
                false,
                Optional.of(1),
                List.of(45_892),
                DType.BF16);
    }

    @Nested
    class OfTheLargeModel {
        @Test
        void onEightDevicesHasOneKvHeadAndOneExpertGroupEach() {
            ShardPlan plan = new ShardPlan(LARGE, 8, 3);
            assertThat(plan.kvHeads()).isEqualTo(new Part(3, 1));
            assertThat(plan.queryHeads()).isEqualTo(new Part(15, 5));
            assertThat(plan.heads()).isEqualTo(new HeadLayout(5, 1, 128));
            assertThat(plan.expertGroups()).isEqualTo(new ExpertGroups(8, 3, 1));
            assertThat(plan.experts()).isEqualTo(new Part(24, 8));
            assertThat(plan.mlpColumns()).isEqualTo(new Part(2016, 672));
            assertThat(plan.vocabulary()).isEqualTo(new Part(57_516, 19_172));
        }

        @Test
        void onOneDeviceHasAll() {
            ShardPlan plan = new ShardPlan(LARGE, 1, 0);
            assertThat(plan.heads()).isEqualTo(new HeadLayout(40, 8, 128));
            assertThat(plan.expertGroups()).isEqualTo(ExpertGroups.all(8));
            assertThat(plan.experts()).isEqualTo(new Part(0, 64));
            assertThat(plan.mlpColumns()).isEqualTo(new Part(0, 5376));
            assertThat(plan.vocabulary()).isEqualTo(new Part(0, 153_376));
            assertThat(plan.addsOutputBias()).isTrue();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 4, 8})
        void putsEachGroupOnTheRankThatTheModelWasTrainedFor(int worldSize) {
            for (ShardPlan plan : ShardPlan.all(LARGE, worldSize)) {
                for (int expert = 0; expert < 64; expert++) {
                    int group = expert / 8;
                    assertThat(plan.experts().contains(expert))
                            .as("expert %d on rank %d of %d", expert, plan.rank(), worldSize)
                            .isEqualTo(group * worldSize / 8 == plan.rank());
                }
                assertThat(plan.expertGroups().count()).isEqualTo(8 / worldSize);
            }
        }
    }

    /** Ranks take the whole in order, nothing twice, and each about as much as any other. */
    private static void assertCovers(List<ShardPlan> plans, int total, Function<ShardPlan, Part> part) {
        int next = 0;
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (ShardPlan plan : plans) {
            Part own = part.apply(plan);
            assertThat(own.first()).as("%s", plan).isEqualTo(next);
            next = own.end();
            least = Math.min(least, own.count());
            most = Math.max(most, own.count());
        }
        assertThat(next).isEqualTo(total);
        assertThat(most - least).isLessThanOrEqualTo(1);
        assertThat(least).isPositive();
    }

    @Test
    void partsOfAnyModelAreDisjointAndCoverIt() {
        Random random = new Random(20261128);
        for (int round = 0; round < 300; round++) {
            int worldSize = 1 + random.nextInt(16);
            int kvHeads = worldSize * (1 + random.nextInt(4));
            int heads = kvHeads * (1 + random.nextInt(6));
            int groups = worldSize * (1 + random.nextInt(3));
            int experts = groups * (1 + random.nextInt(8));
            int width = worldSize + random.nextInt(500);
            int vocab = worldSize + random.nextInt(100_000);
            ModelConfig model =
                    config(vocab, heads, kvHeads, new ModelConfig.GroupedExperts(experts, groups, 9, width));
            List<ShardPlan> plans = ShardPlan.all(model, worldSize);
            assertThat(plans).hasSize(worldSize);
            assertCovers(plans, kvHeads, ShardPlan::kvHeads);
            assertCovers(plans, heads, ShardPlan::queryHeads);
            assertCovers(plans, experts, ShardPlan::experts);
            assertCovers(plans, width, ShardPlan::mlpColumns);
            assertCovers(plans, vocab, ShardPlan::vocabulary);
            assertThat(plans.stream().filter(ShardPlan::addsOutputBias)).hasSize(1);
            for (ShardPlan plan : plans) {
                // A rank has the kv heads that its query heads read, and the experts that its groups hold.
                int queriesPerKvHead = heads / kvHeads;
                assertThat(plan.queryHeads().first()).isEqualTo(plan.kvHeads().first() * queriesPerKvHead);
                assertThat(plan.heads())
                        .isEqualTo(new HeadLayout(heads / worldSize, kvHeads / worldSize, model.headDim()));
                int perGroup = plan.expertGroups().expertsPerGroup(experts);
                assertThat(plan.experts())
                        .isEqualTo(new Part(
                                plan.expertGroups().first() * perGroup,
                                plan.expertGroups().count() * perGroup));
            }
        }
    }

    @Test
    void aDenseModelSplitsItsMlpAndHasNoExperts() {
        ModelConfig dense = config(153_376, 12, 6, new ModelConfig.Dense(6145));
        List<ShardPlan> plans = ShardPlan.all(dense, 3);
        assertCovers(plans, 6145, ShardPlan::mlpColumns);
        assertThatIllegalStateException().isThrownBy(() -> plans.get(0).experts());
        assertThatIllegalStateException().isThrownBy(() -> plans.get(0).expertGroups());
    }

    @Nested
    class Refuses {
        private EngineException refused(ModelConfig model, int worldSize) {
            EngineException error =
                    catchThrowableOfType(EngineException.class, () -> new ShardPlan(model, worldSize, 0));
            assertThat(error.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
            return error;
        }

        @Test
        void aNumberOfDevicesThatDoesNotDivideTheModelAndSaysWhichDo() {
            EngineException error = refused(LARGE, 3);
            assertThat(error)
                    .hasMessage("the model cannot be spread over 3 devices: it has 8 kv heads and 8 expert groups, and"
                            + " each device takes equally many of them; give it one of these numbers of devices: 1, 2,"
                            + " 4, 8");
            assertThat(error.context()).isEqualTo(Map.of("devices", "3", "possible", "1, 2, 4, 8"));
            assertThat(refused(LARGE, 16)).hasMessageContaining("16 devices").hasMessageEndingWith(": 1, 2, 4, 8");
        }

        @Test
        void moreDevicesThanKvHeadsOrGroups() {
            ModelConfig fewHeads = config(384, 10, 2, new ModelConfig.GroupedExperts(64, 8, 16, 64));
            assertThat(refused(fewHeads, 4)).hasMessageContaining("2 kv heads").hasMessageEndingWith(": 1, 2");
            ModelConfig fewGroups = config(384, 16, 8, new ModelConfig.GroupedExperts(64, 4, 16, 64));
            assertThat(refused(fewGroups, 8))
                    .hasMessageContaining("4 expert groups")
                    .hasMessageEndingWith(": 1, 2, 4");
            ModelConfig dense = config(389, 3, 1, new ModelConfig.Dense(352));
            assertThat(refused(dense, 2))
                    .hasMessageContaining("it has 1 kv heads, and")
                    .hasMessageEndingWith(": 1");
        }

        @Test
        void moreDevicesThanColumnsOrTokens() {
            ModelConfig narrow = config(384, 8, 8, new ModelConfig.Dense(3));
            assertThat(refused(narrow, 4)).hasMessageEndingWith(": 1, 2");
            ModelConfig mute = config(3, 8, 8, new ModelConfig.Dense(352));
            assertThat(refused(mute, 8)).hasMessageEndingWith(": 1, 2");
        }

        @ParameterizedTest
        @CsvSource({"0, 0", "2, 2", "2, -1", "-1, 0"})
        void ranksThatDoNotExist(int worldSize, int rank) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new ShardPlan(LARGE, worldSize, rank))
                    .withMessage("rank " + rank + " of " + worldSize);
        }
    }

    @Test
    void partsKnowWhatTheyContain() {
        Part part = new Part(3, 2);
        assertThat(part.end()).isEqualTo(5);
        assertThat(List.of(part.contains(2), part.contains(3), part.contains(4), part.contains(5)))
                .containsExactly(false, true, true, false);
        assertThat(Part.of(Integer.MAX_VALUE, 7, 6).end()).isEqualTo(Integer.MAX_VALUE);
        assertThatIllegalArgumentException().isThrownBy(() -> new Part(-1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Part(1, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Part(Integer.MAX_VALUE, 1));
    }
}
