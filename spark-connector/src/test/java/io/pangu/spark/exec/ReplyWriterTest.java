package io.pangu.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.spark.engine.ModelDescription;
import io.pangu.spark.functions.PanguFunction;
import io.pangu.spark.request.EngineReply;
import io.pangu.spark.request.EngineReply.LabelScore;
import io.pangu.spark.request.EngineReply.TokenLogprob;
import io.pangu.spark.request.EngineReply.TokenUsage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Values in Catalyst's own form; what SQL makes of them is {@code ResultsTest}'s. */
class ReplyWriterTest {
    private static final TokenUsage USAGE = new TokenUsage(3, 1, 2);

    private final AtomicInteger modelReads = new AtomicInteger();

    @Test
    void writesTextsLabelsAndVectors() {
        assertThat(writer(PanguFunction.GENERATE).value(completion(List.of())))
                .isEqualTo(UTF8String.fromString("Hello"));
        assertThat(writer(PanguFunction.CLASSIFY).value(label(0.75, 0.25))).isEqualTo(UTF8String.fromString("l0"));
        UnsafeArrayData vector = (UnsafeArrayData)
                writer(PanguFunction.EMBED).value(new EngineReply.Embedded(new float[] {1, -2.5f}, USAGE));
        assertThat(vector.toFloatArray()).containsExactly(1, -2.5f);
    }

    @Test
    void doesNotAskForTheModelWhereNobodySeesIt() {
        writer(PanguFunction.GENERATE).value(completion(List.of()));
        writer(PanguFunction.CLASSIFY_DETAILS).value(label(0.75, 0.25));
        assertThat(modelReads).hasValue(0);

        writer(PanguFunction.GENERATE_DETAILS).value(completion(List.of()));
        assertThat(modelReads).hasValue(1);
    }

    @Test
    void sumsTheLogprobsOfTheAnswer() {
        InternalRow row = (InternalRow) writer(PanguFunction.GENERATE_DETAILS)
                .value(completion(List.of(new TokenLogprob("He", -0.5f), new TokenLogprob("llo", -1.25f))));

        assertThat(row.getDouble(5)).isEqualTo(-1.75);
        assertThat(row.getArray(6).numElements()).isEqualTo(2);
        assertThat(row.getArray(6).getStruct(1, 2).getFloat(1)).isEqualTo(-1.25f);
        assertThat(row.getLong(8)).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({"0.7, 0.3, 0.4", "0.3, 0.7, 0.4", "0.5, 0.5, 0", "1, 0, 1"})
    void tellsTheDistanceOfTheTwoLikeliest(double first, double second, double margin) {
        InternalRow row = (InternalRow) writer(PanguFunction.CLASSIFY_DETAILS).value(label(first, second));

        assertThat(row.getDouble(1)).isEqualTo(Math.max(first, second));
        assertThat(row.getDouble(2)).isCloseTo(margin, org.assertj.core.data.Offset.offset(1e-12));
        assertThat(row.getMap(3).valueArray().toDoubleArray()).containsExactly(first, second);
    }

    @ParameterizedTest
    @CsvSource({
        "TIMEOUT, cancelled",
        "PROMPT_TOO_LONG, content_error",
        "INTERNAL, content_error",
        "INVALID_OPTION, content_error"
    })
    void saysWhyACompletionEndedWithoutAText(String code, String reason) {
        InternalRow row = (InternalRow) writer(PanguFunction.GENERATE_DETAILS)
                .value(new EngineReply.Failed(code, "why", code.equals("TIMEOUT")));

        assertThat(row.getString(2)).isEqualTo(reason);
        assertThat(row.isNullAt(0)).isTrue();
        assertThat(row.getStruct(3, 3).getString(0)).isEqualTo(code);
        assertThat(row.getStruct(3, 3).getBoolean(2)).isEqualTo(code.equals("TIMEOUT"));
        assertThat(row.getStruct(4, 3).getInt(0)).isZero();
    }

    @ParameterizedTest
    @EnumSource(PanguFunction.class)
    void hasAPlaceForErrorsInTheDetailsAlone(PanguFunction function) {
        assertThat(writer(function).holdsErrors()).isEqualTo(function.sqlName().endsWith("_details"));
        assertThat(function.details().isPresent())
                .isEqualTo(function == PanguFunction.GENERATE || function == PanguFunction.CLASSIFY);
    }

    private ReplyWriter writer(PanguFunction function) {
        return new ReplyWriter(function, () -> {
            modelReads.incrementAndGet();
            return new ModelDescription("m", "f", 10, 4, "no device");
        });
    }

    private static EngineReply completion(List<TokenLogprob> tokens) {
        return new EngineReply.Generated("Hello", Optional.empty(), "stop", tokens, 7, USAGE);
    }

    private static EngineReply label(double first, double second) {
        return new EngineReply.Classified(
                first >= second ? "l0" : "l1",
                List.of(new LabelScore("l0", Math.log(first), first), new LabelScore("l1", Math.log(second), second)),
                USAGE);
    }
}
