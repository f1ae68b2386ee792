package io.pangu.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.functions.InferenceCall;
import io.pangu.spark.functions.Seqs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiPredicate;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.Not;
import org.apache.spark.sql.catalyst.expressions.Or;
import org.apache.spark.sql.catalyst.expressions.Rand;
import org.apache.spark.sql.catalyst.expressions.Upper;
import org.apache.spark.sql.catalyst.expressions.Uuid;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.Option;
import scala.Tuple2;

class CallExtractorTest {
    private static final AttributeReference PROMPT = Plans.text("prompt");
    private static final AttributeReference OTHER = Plans.text("other");
    private static final AttributeReference C = Plans.column("c", DataTypes.BooleanType);
    private static final AttributeReference D = Plans.column("d", DataTypes.BooleanType);
    private static final LogicalPlan TABLE = Plans.table(PROMPT, OTHER, C, D);
    private static final InferenceCall CALL = Plans.generate(PROMPT);

    private final CallExtractor extractor = new CallExtractor(TABLE.outputSet());

    private static Expression text(String value) {
        return Literal$.MODULE$.apply(value);
    }

    private static Expression nothing() {
        return new Literal(null, DataTypes.StringType);
    }

    private static CaseWhen caseWhen(@Nullable Expression otherwise, Expression... conditionsAndValues) {
        List<Tuple2<Expression, Expression>> branches = new ArrayList<>();
        for (int index = 0; index < conditionsAndValues.length; index += 2) {
            branches.add(new Tuple2<>(conditionsAndValues[index], conditionsAndValues[index + 1]));
        }
        return new CaseWhen(Seqs.of(branches), Option.apply(otherwise));
    }

    /** An expression of the columns c and d, and when SQL evaluates the call in it. */
    record Guarded(String name, Expression expression, BiPredicate<@Nullable Boolean, @Nullable Boolean> isEvaluated) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Guarded> guarded() {
        Expression asks = Plans.equal(CALL, "x");
        return List.of(
                new Guarded("IF true branch", new If(C, CALL, text("no")), (c, d) -> isTrue(c)),
                new Guarded("IF false branch", new If(C, text("no"), CALL), (c, d) -> !isTrue(c)),
                new Guarded("IF condition", new If(asks, text("a"), text("b")), (c, d) -> true),
                new Guarded(
                        "IF in IF",
                        new If(C, new If(D, CALL, text("no")), text("no")),
                        (c, d) -> isTrue(c) && isTrue(d)),
                new Guarded("CASE first", caseWhen(null, C, CALL), (c, d) -> isTrue(c)),
                new Guarded("CASE second", caseWhen(null, C, text("no"), D, CALL), (c, d) -> !isTrue(c) && isTrue(d)),
                new Guarded(
                        "CASE otherwise",
                        caseWhen(CALL, C, text("no"), D, text("no")),
                        (c, d) -> !isTrue(c) && !isTrue(d)),
                new Guarded(
                        "CASE second condition", caseWhen(null, C, text("no"), asks, text("y")), (c, d) -> !isTrue(c)),
                new Guarded("CASE twice", caseWhen(CALL, C, CALL, D, text("no")), (c, d) -> isTrue(c) || !isTrue(d)),
                new Guarded("AND", new And(C, asks), (c, d) -> !isFalse(c)),
                new Guarded("AND after", new And(asks, C), (c, d) -> !isFalse(c)),
                new Guarded("AND of two", new And(new And(C, asks), D), (c, d) -> !isFalse(c) && !isFalse(d)),
                new Guarded("OR", new Or(C, asks), (c, d) -> !isTrue(c)),
                new Guarded("OR after", new Or(asks, C), (c, d) -> !isTrue(c)),
                new Guarded("OR in AND", new And(C, new Or(D, asks)), (c, d) -> !isFalse(c) && !isTrue(d)),
                new Guarded("NOT over OR", new Not(new Or(C, asks)), (c, d) -> !isTrue(c)),
                new Guarded(
                        "COALESCE",
                        new Coalesce(Seqs.of(List.of(new If(C, text("a"), nothing()), CALL))),
                        (c, d) -> !isTrue(c)),
                new Guarded(
                        "two places",
                        new And(new If(C, asks, D), new If(D, asks, C)),
                        (c, d) -> isTrue(c) || isTrue(d)));
    }

    @Nested
    class Guards {
        @ParameterizedTest(name = "{0}")
        @MethodSource("io.pangu.spark.plan.CallExtractorTest#guarded")
        void holdExactlyWhereSqlEvaluatesTheCall(Guarded shape) {
            extractor.extract(shape.expression());
            LlmInference node = Plans.find(extractor.over(TABLE), LlmInference.class);

            assertThat(node.calls().length()).isEqualTo(1);
            for (Boolean c : Arrays.asList(true, false, null)) {
                for (Boolean d : Arrays.asList(true, false, null)) {
                    assertThat(isAsked(node.calls().head(), c, d))
                            .as("%s with c = %s and d = %s", shape.expression(), c, d)
                            .isEqualTo(shape.isEvaluated().test(c, d));
                }
            }
        }

        private boolean isAsked(InferenceCall call, @Nullable Boolean c, @Nullable Boolean d) {
            return call.guard()
                    .map(guard ->
                            Rewrite.up(guard, part -> part.equals(C) ? value(c) : part.equals(D) ? value(d) : part))
                    .map(guard -> Boolean.TRUE.equals(guard.eval(null)))
                    .orElse(true);
        }

        private Expression value(@Nullable Boolean value) {
            return new Literal(value, DataTypes.BooleanType);
        }

        @Test
        void leaveOutWhatIsRandom() {
            Expression random = new org.apache.spark.sql.catalyst.expressions.LessThan(
                    new Rand(Literal$.MODULE$.apply(1L)), Literal$.MODULE$.apply(0.5));
            extractor.extract(new If(random, CALL, text("no")));

            assertThat(call(extractor).guard()).isEmpty();
        }

        @Test
        void readTheResultsOfOtherCallsThatDecide() {
            InferenceCall second = Plans.generate(OTHER);
            extractor.extract(new If(Plans.equal(CALL, "x"), second, text("no")));
            LogicalPlan plan = extractor.over(TABLE);

            assertThat(Plans.shape(plan)).startsWith("LlmInference", "LlmInference", "LocalRelation");
            LlmInference upper = (LlmInference) plan;
            LlmInference lower = (LlmInference) upper.child();
            assertThat(upper.calls().head().unguarded()).isEqualTo(second);
            assertThat(upper.calls().head().guard().orElseThrow().references()).isEqualTo(lower.producedAttributes());
            assertThat(lower.calls().head()).isEqualTo(CALL);
        }

        @Test
        void thatNeedEachOtherAreGivenUpForOneCallOnly() {
            InferenceCall second = Plans.generate(OTHER);
            extractor.extract(new If(Plans.equal(CALL, "x"), second, text("no")));
            extractor.extract(new If(C, new If(Plans.equal(second, "x"), CALL, text("no")), text("no")));

            assertThat(Plans.all(extractor.over(TABLE), LlmInference.class)).hasSize(2);
        }
    }

    @Nested
    class Calls {
        @Test
        void thatAreEqualAreOne() {
            Expression first = extractor.extract(new Upper(CALL));
            Expression second = extractor.extract(Plans.generate(PROMPT));

            assertThat(first.children().head()).isEqualTo(second);
            assertThat(call(extractor)).isEqualTo(CALL);
        }

        @Test
        void withRandomPromptsStayTwo() {
            InferenceCall random = Plans.generate(new Uuid(Option.apply(7L)));
            extractor.extract(random);
            extractor.extract(random);

            assertThat(Plans.find(extractor.over(TABLE), LlmInference.class)
                            .calls()
                            .length())
                    .isEqualTo(2);
        }

        @Test
        void insideOthersAreMadeBelowThem() {
            extractor.extract(Plans.generate(new Upper(CALL)));
            LlmInference outer = (LlmInference) extractor.over(TABLE);

            assertThat(((LlmInference) outer.child()).calls().head()).isEqualTo(CALL);
            assertThat(Expressions.hasCallInside(outer.calls().head())).isFalse();
        }

        @Test
        void overColumnsThatAreNotThereStayWhereTheyAre() {
            Attribute absent = Plans.text("absent");
            Expression both = new And(Plans.equal(Plans.generate(absent), "x"), Plans.equal(CALL, "x"));
            Expression extracted = extractor.extract(both);

            assertThat(Expressions.hasCall(extracted)).isTrue();
            assertThat(call(extractor).unguarded()).isEqualTo(CALL);
        }

        @Test
        void leaveNamesOfColumnsAlone() {
            assertThat(((Attribute) extractor.extract(CALL)).name()).isEqualTo("generate_result");
        }

        @Test
        void areNotTouchedWhereThereAreNone() {
            Expression plain = Plans.equal(PROMPT, "x");

            assertThat(extractor.extract(plain)).isSameAs(plain);
            assertThat(extractor.over(TABLE)).isSameAs(TABLE);
        }
    }

    private static InferenceCall call(CallExtractor extractor) {
        return Plans.find(extractor.over(TABLE), LlmInference.class).calls().head();
    }

    private static boolean isTrue(@Nullable Boolean value) {
        return Boolean.TRUE.equals(value);
    }

    private static boolean isFalse(@Nullable Boolean value) {
        return Boolean.FALSE.equals(value);
    }
}
