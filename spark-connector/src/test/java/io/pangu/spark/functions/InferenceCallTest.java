package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.IsNotNull;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.Rand;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The expression that stands for a call until the operator makes it. */
class InferenceCallTest {
    private final AttributeReference prompt = column("prompt", DataTypes.StringType);
    private final AttributeReference number = column("n", DataTypes.IntegerType);
    private final InferenceCall call = call(PanguFunction.GENERATE, prompt, named("max_tokens", number));

    @Nested
    class Arguments {
        @Test
        void areInputsAndOptions() {
            assertThat(call.function()).isEqualTo(PanguFunction.GENERATE);
            assertThat(call.inputs()).containsExactly(prompt);
            assertThat(call.options().names()).containsExactly("max_tokens");
            assertThat(call.options().arguments()).containsExactly(number);
            assertThat(call.options().areConstant()).isFalse();
            assertThat(call(PanguFunction.GENERATE, prompt).options().areConstant())
                    .isTrue();
        }

        @Test
        void makeTheCallAsTheyAreWritten() {
            InferenceCall byName = call(
                    PanguFunction.CLASSIFY,
                    named("labels", labels("x", "y")),
                    named("text", prompt),
                    named("raw", literal(true)));

            assertThat(byName.inputs()).hasSize(2).first().isEqualTo(prompt);
            assertThat(byName.options().constant().classification().raw()).isTrue();
        }

        @Test
        void areRefusedAsAnAnalysisErrorOfTheFunction() {
            assertThatThrownBy(() -> call(PanguFunction.EMBED, prompt, named("poolin", literal("last"))))
                    .isInstanceOf(AnalysisException.class)
                    .hasMessageContaining("embed(text [, options]): unknown option 'poolin'; did you mean 'pooling'?");
        }
    }

    @Nested
    class Guards {
        private final Expression condition = new IsNotNull(number);

        @Test
        void areOneFurtherChildThatCanBeTakenOff() {
            InferenceCall guarded = call.guardedBy(condition);

            assertThat(call.guard()).isEmpty();
            assertThat(guarded.guard()).contains(condition);
            assertThat(guarded.unguarded()).isEqualTo(call);
            assertThat(guarded.inputs()).isEqualTo(call.inputs());
            assertThat(guarded.options()).isEqualTo(call.options());
            assertThat(guarded.children().length()).isEqualTo(3);
        }

        @Test
        void areReplacedAndNotAddedUp() {
            assertThat(call.guardedBy(literal(false)).guardedBy(condition)).isEqualTo(call.guardedBy(condition));
        }

        @Test
        void showInPlans() {
            assertThat(call.guardedBy(condition).toString())
                    .isEqualTo("generate(" + prompt + ", max_tokens => " + number + ") WHERE " + condition);
            assertThat(call.sql()).isEqualTo("generate(prompt, max_tokens => n)");
        }
    }

    @Nested
    class AsAnExpression {
        @Test
        void hasTheFunctionsTypeAndMayBeNull() {
            for (PanguFunction function : PanguFunction.values()) {
                InferenceCall any =
                        function.numInputs() == 2 ? call(function, prompt, labels("x", "y")) : call(function, prompt);
                assertThat(any.dataType()).isEqualTo(function.resultType());
                assertThat(any.nullable()).isTrue();
                assertThat(any.checkInputDataTypes().isSuccess()).isTrue();
            }
        }

        @Test
        void isDeterministicAndExpensiveAndNeverFoldable() {
            assertThat(call.deterministic()).isTrue();
            assertThat(call.expensive()).isTrue();
            assertThat(call(PanguFunction.GENERATE, literal("a")).foldable()).isFalse();
            assertThat(call(PanguFunction.GENERATE, prompt, named("temperature", new Rand(literal(1L))))
                            .deterministic())
                    .isFalse();
        }

        @Test
        void cannotBeEvaluatedRowByRow() {
            assertThatThrownBy(() -> call.eval(null)).hasMessageContaining("Cannot evaluate expression");
        }

        @Test
        void equalsACallThatAsksTheSame() {
            assertThat(call(PanguFunction.GENERATE, prompt, named("max-tokens", number)))
                    .isEqualTo(call)
                    .hasSameHashCodeAs(call);
            assertThat(call(PanguFunction.GENERATE_DETAILS, prompt, named("max_tokens", number)))
                    .isNotEqualTo(call);
            assertThat(call(PanguFunction.GENERATE, prompt, named("top_k", number)))
                    .isNotEqualTo(call);
            assertThat(call(
                            PanguFunction.GENERATE,
                            column("prompt", DataTypes.StringType),
                            named("max_tokens", number)))
                    .isNotEqualTo(call);
        }

        @Test
        void isTheSameToTheOptimizerUnderAnotherColumnName() {
            InferenceCall renamed = call(PanguFunction.GENERATE, prompt.withName("p"), named("max_tokens", number));

            assertThat(renamed.semanticEquals(call)).isTrue();
            assertThat(renamed.canonicalized()).isEqualTo(call.canonicalized());
        }

        @Test
        void takesOtherChildren() {
            AttributeReference other = column("other", DataTypes.StringType);
            InferenceCall changed = (InferenceCall) call.withNewChildren(Seqs.<Expression>of(List.of(other, number)));

            assertThat(changed).isEqualTo(call(PanguFunction.GENERATE, other, named("max_tokens", number)));
            assertThat(call.makeCopy(
                            new Object[] {call.productElement(0), call.productElement(1), call.productElement(2)}))
                    .isEqualTo(call);
        }

        @Test
        void travelsToExecutors() throws Exception {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(call.guardedBy(new IsNotNull(number)));
            }
            try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                assertThat(in.readObject()).isEqualTo(call.guardedBy(new IsNotNull(number)));
            }
        }
    }

    private static InferenceCall call(PanguFunction function, Expression... arguments) {
        return (InferenceCall) PanguFunctions.call(function, List.of(arguments));
    }

    private static Expression named(String name, Expression value) {
        return new NamedArgumentExpression(name, value);
    }

    private static Expression literal(Object value) {
        return Literal$.MODULE$.apply(value);
    }

    private static Expression labels(String... labels) {
        List<Expression> literals =
                java.util.Arrays.stream(labels).map(InferenceCallTest::literal).toList();
        return new org.apache.spark.sql.catalyst.expressions.CreateArray(Seqs.of(literals));
    }

    private static AttributeReference column(String name, DataType type) {
        return new AttributeReference(
                name, type, true, Metadata.empty(), NamedExpression.newExprId(), Seqs.of(List.of()));
    }
}
