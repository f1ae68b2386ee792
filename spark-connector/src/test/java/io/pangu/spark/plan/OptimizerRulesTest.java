package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Ascending$;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GreaterThan;
import org.apache.spark.sql.catalyst.expressions.LessThan;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.Rand;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.Upper;
import org.apache.spark.sql.catalyst.plans.Cross$;
import org.apache.spark.sql.catalyst.plans.Inner$;
import org.apache.spark.sql.catalyst.plans.JoinType;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.JoinHint;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionByExpression;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.Option;

/** Each rule on small plans: what it changes, what it leaves, and that it changes nothing more the second time. */
class OptimizerRulesTest {
    private final AttributeReference id = Plans.column("id", DataTypes.IntegerType);
    private final AttributeReference prompt = Plans.text("prompt");
    private final LogicalPlan table = Plans.table(id, prompt);
    private final Attribute answer = Plans.text("answer");
    private final InferenceCall call = Plans.generate(prompt);
    private final LlmInference asking = Plans.asking(call, answer, table);

    private static Expression number(int value) {
        return Literal$.MODULE$.apply(value);
    }

    private Expression isSmall() {
        return new LessThan(id, number(10));
    }

    private Expression isAnswered() {
        return Plans.equal((Expression) answer, "yes");
    }

    private static Sort sort(LogicalPlan child, Expression key) {
        SortOrder order =
                new SortOrder(key, Ascending$.MODULE$, Ascending$.MODULE$.defaultNullOrdering(), Seqs.of(List.of()));
        return new Sort(Seqs.of(List.of(order)), true, child, Option.empty());
    }

    private static LogicalPlan limit(int rows, LogicalPlan child) {
        return new GlobalLimit(number(rows), new LocalLimit(number(rows), child));
    }

    private static Join join(LogicalPlan left, LogicalPlan right, JoinType type) {
        return new Join(left, right, type, Option.empty(), JoinHint.NONE());
    }

    @Nested
    class MergingEqualCalls {
        private final MergeEqualCalls rule = new MergeEqualCalls();
        private final Attribute second = Plans.text("second");
        private final AttributeReference renamed = Plans.text("renamed");

        private Alias rename(AttributeReference from, AttributeReference to) {
            return new Alias(from, to.name(), to.exprId(), Seqs.of(List.of()), Option.empty(), Seqs.of(List.of()));
        }

        @Test
        void takesTheResultOfACallBelow() {
            LogicalPlan merged = Plans.once(rule, Plans.asking(call, second, new Filter(isAnswered(), asking)));

            assertThat(Plans.shape(merged)).containsExactly("Project", "Filter", "LlmInference", "LocalRelation");
            assertThat(merged.output().last().exprId()).isEqualTo(second.exprId());
        }

        @Test
        void looksThroughProjectionsThatRename() {
            LogicalPlan projected = Plans.project(asking, id, rename(prompt, renamed));

            LogicalPlan merged = Plans.once(rule, Plans.asking(Plans.generate(renamed), second, projected));

            assertThat(Plans.all(merged, LlmInference.class)).hasSize(1);
            assertThat(merged.output().length()).isEqualTo(3);
        }

        @Test
        void knowsAPromptUnderTwoNames() {
            LlmInference lower = Plans.asking(
                    Plans.generate(renamed), answer, Plans.project(table, id, prompt, rename(prompt, renamed)));
            LogicalPlan merged = Plans.once(rule, Plans.asking(call, second, lower));

            assertThat(Plans.all(merged, LlmInference.class)).hasSize(1);
        }

        @Test
        void makesAgainWhatIsMadeForSomeRowsOnly() {
            LlmInference guarded = Plans.asking(call.guardedBy(isSmall()), answer, table);

            assertThat(Plans.all(Plans.once(rule, Plans.asking(call, second, guarded)), LlmInference.class))
                    .hasSize(2);
        }

        @Test
        void keepsCallsThatDiffer() {
            LlmInference other = Plans.asking(Plans.generate(new Upper(prompt)), second, asking);

            assertThat(Plans.once(rule, other)).isEqualTo(other);
        }

        @Test
        void doesNotLookThroughALimitedCopyOfRows() {
            LogicalPlan repartitioned = new Repartition(3, true, asking);
            LogicalPlan plan = Plans.asking(call, second, repartitioned);

            assertThat(Plans.once(rule, plan)).isEqualTo(plan);
        }
    }

    @Nested
    class PushingBelow {
        private final PushBelowInference rule = new PushBelowInference();

        @Test
        void takesConditionsThatDoNotReadAnswers() {
            LogicalPlan plan =
                    new Filter(new org.apache.spark.sql.catalyst.expressions.And(isSmall(), isAnswered()), asking);
            LogicalPlan pushed = Plans.once(rule, plan);

            assertThat(Plans.shape(pushed)).containsExactly("Filter", "LlmInference", "Filter", "LocalRelation");
            assertThat(Plans.find(pushed, Filter.class).condition()).isEqualTo(isAnswered());
        }

        @Test
        void leavesRandomConditionsAbove() {
            LogicalPlan plan = new Filter(
                    new GreaterThan(new Rand(Literal$.MODULE$.apply(1L)), Literal$.MODULE$.apply(0.5)), asking);

            assertThat(Plans.once(rule, plan)).isEqualTo(plan);
        }

        @Test
        void takesALimitAndKeepsTheUpperOne() {
            LogicalPlan pushed = Plans.once(rule, limit(3, Plans.project(asking, answer)));

            assertThat(Plans.shape(pushed))
                    .containsExactly(
                            "GlobalLimit",
                            "LocalLimit",
                            "Project",
                            "LlmInference",
                            "GlobalLimit",
                            "LocalLimit",
                            "LocalRelation");
        }

        @Test
        void takesTheFirstRowsInOrderAndSortsThemAgain() {
            LogicalPlan pushed = Plans.once(rule, limit(3, sort(Plans.project(asking, id, answer), id)));

            assertThat(Plans.shape(pushed).subList(0, 5))
                    .containsExactly("GlobalLimit", "LocalLimit", "Sort", "Project", "LlmInference");
            assertThat(Plans.all(pushed, Sort.class)).hasSize(2);
        }

        @Test
        void skipsRowsOnceOnly() {
            LogicalPlan offset =
                    new GlobalLimit(number(5), new LocalLimit(number(5), new Offset(number(3), sort(asking, id))));
            LogicalPlan pushed = Plans.once(rule, offset);

            assertThat(Plans.all(pushed, Offset.class)).hasSize(1);
            assertThat(Plans.all(Plans.find(pushed, LlmInference.class), Offset.class))
                    .hasSize(1);
        }

        @Test
        void leavesAnOrderByAnswersOrByChance() {
            LogicalPlan byAnswer = limit(3, sort(asking, (Expression) answer));
            LogicalPlan byChance = limit(3, sort(asking, new Rand(Literal$.MODULE$.apply(1L))));

            assertThat(Plans.once(rule, byAnswer)).isEqualTo(byAnswer);
            assertThat(Plans.once(rule, byChance)).isEqualTo(byChance);
        }

        @Test
        void leavesALimitOverAFilterOnAnswers() {
            LogicalPlan plan = limit(3, new Filter(isAnswered(), asking));

            assertThat(Plans.once(rule, plan)).isEqualTo(plan);
        }
    }

    @Nested
    class DroppingUnusedCalls {
        private final DropUnusedCalls rule = new DropUnusedCalls();

        @Test
        void removesNodesThatNobodyReads() {
            LogicalPlan dropped = Plans.once(rule, Plans.project(sort(new Filter(isSmall(), asking), id), id));

            assertThat(Plans.shape(dropped)).containsExactly("Project", "Sort", "Filter", "LocalRelation");
        }

        @Test
        void keepsTheCallsOfANodeThatAreRead() {
            Attribute other = Plans.text("other");
            LlmInference both = new LlmInference(
                    Seqs.of(List.of(call, Plans.generate(new Upper(prompt)))), Seqs.of(List.of(answer, other)), table);
            LlmInference kept = Plans.find(Plans.once(rule, Plans.project(both, other)), LlmInference.class);

            assertThat(Seqs.<Attribute>list(kept.results())).containsExactly(other);
        }

        @Test
        void keepsCallsThatOtherCallsRead() {
            Attribute upper = Plans.text("upper");
            LlmInference nested = Plans.asking(Plans.generate((Expression) answer), upper, asking);

            assertThat(Plans.all(Plans.once(rule, Plans.project(nested, upper)), LlmInference.class))
                    .hasSize(2);
            assertThat(Plans.all(Plans.once(rule, Plans.project(nested, answer)), LlmInference.class))
                    .hasSize(1);
            assertThat(Plans.all(Plans.once(rule, Plans.project(nested, id)), LlmInference.class))
                    .isEmpty();
        }

        @Test
        void keepsCallsThatFiltersRead() {
            LogicalPlan plan = Plans.project(new Filter(isAnswered(), asking), id);

            assertThat(Plans.once(rule, plan)).isEqualTo(plan);
        }
    }

    @Nested
    class Materializing {
        private final MaterializeInference rule = new MaterializeInference();

        @Test
        void putsAShuffleUnderASort() {
            assertThat(Plans.shape(Plans.once(rule, sort(Plans.project(asking, id, answer), id))))
                    .containsExactly("Sort", "RepartitionByExpression", "Project", "LlmInference", "LocalRelation");
        }

        @Test
        void putsNoneUnderATopN() {
            LogicalPlan plan = limit(3, sort(asking, id));

            assertThat(Plans.once(rule, plan)).isEqualTo(plan);
        }

        @Test
        void putsOneUnderALimitTooLargeForATopN() {
            LogicalPlan plan = FakeSession.with(
                    Map.of("spark.sql.execution.topKSortFallbackThreshold", "2"),
                    () -> Plans.once(rule, limit(3, sort(asking, id))));

            assertThat(Plans.all(plan, RepartitionByExpression.class)).hasSize(1);
        }

        @Test
        void putsOneOnBothSidesOfACartesianProduct() {
            LlmInference other = Plans.asking(call, Plans.text("other"), Plans.table(prompt));
            LogicalPlan product = Plans.once(rule, join(asking, other, Cross$.MODULE$));

            assertThat(Plans.all(product, RepartitionByExpression.class)).hasSize(2);
        }

        @Test
        void putsOneOnTheSideThatAsksOnly() {
            LogicalPlan product = Plans.once(rule, join(asking, Plans.table(Plans.text("x")), Inner$.MODULE$));

            assertThat(Plans.all(product, RepartitionByExpression.class)).hasSize(1);
        }

        @Test
        void leavesPlansWithoutCallsAndLocalSorts() {
            LogicalPlan plain = sort(table, id);
            Sort local = sort(asking, id);
            LogicalPlan localSort = new Sort(local.order(), false, local.child(), Option.empty());

            assertThat(Plans.once(rule, plain)).isEqualTo(plain);
            assertThat(Plans.once(rule, localSort)).isEqualTo(localSort);
        }
    }

    @Nested
    class Spreading {
        private final SpreadInference rule =
                new SpreadInference(FakeSession.spark().sparkContext());

        private LogicalPlan spread(String partitions, LogicalPlan plan) {
            return FakeSession.with(Map.of("spark.pangu.partitions", partitions), () -> Plans.once(rule, plan));
        }

        @Test
        void repartitionsToTheWantedNumber() {
            Repartition spread = Plans.find(spread("7", asking), Repartition.class);

            assertThat(spread.numPartitions()).isEqualTo(7);
            assertThat(spread.shuffle()).isTrue();
        }

        @ParameterizedTest
        @CsvSource({"keep", "auto"})
        void leavesAPlanForOneEngine(String partitions) {
            assertThat(spread(partitions, asking)).isEqualTo(asking);
        }

        @Test
        void repartitionsOnceForCallsUponCalls() {
            LlmInference nested = Plans.asking(Plans.generate((Expression) answer), Plans.text("upper"), asking);

            assertThat(Plans.shape(spread("7", nested)))
                    .containsExactly("LlmInference", "LlmInference", "Repartition", "LocalRelation");
        }

        @Test
        void keepsTheOrderOfRows() {
            LogicalPlan ordered = Plans.asking(call, answer, Plans.project(sort(table, id), id, prompt));
            LogicalPlan limited = Plans.asking(call, answer, limit(30, sort(table, id)));

            assertThat(spread("7", ordered)).isEqualTo(ordered);
            assertThat(spread("7", limited)).isEqualTo(limited);
        }

        @Test
        void forgetsAnOrderThatIsMadeAnewAbove() {
            LogicalPlan plan = sort(Plans.asking(call, answer, limit(30, sort(table, id))), id);

            assertThat(Plans.all(spread("7", plan), Repartition.class)).hasSize(1);
        }
    }
}
