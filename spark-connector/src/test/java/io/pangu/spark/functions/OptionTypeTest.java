package io.pangu.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pangu.spark.functions.OptionType.Bias;
import io.pangu.spark.functions.OptionType.Choice;
import io.pangu.spark.functions.OptionType.Flag;
import io.pangu.spark.functions.OptionType.Real;
import io.pangu.spark.functions.OptionType.Real.Ends;
import io.pangu.spark.functions.OptionType.Text;
import io.pangu.spark.functions.OptionType.Texts;
import io.pangu.spark.functions.OptionType.Time;
import io.pangu.spark.functions.OptionType.Whole;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionTypeTest {
    @Nested
    class WholeNumbers {
        private final Whole type = new Whole(1, 10);

        @Test
        void areReadFromAnyNumberAndFromText() {
            assertThat(type.read(5L)).isEqualTo(5L);
            assertThat(type.read((short) 5)).isEqualTo(5L);
            assertThat(type.read(5.0)).isEqualTo(5L);
            assertThat(type.read(new BigDecimal("5.00"))).isEqualTo(5L);
            assertThat(type.read(" 5 ")).isEqualTo(5L);
            assertThat(new Whole(Long.MIN_VALUE, Long.MAX_VALUE).read("-9223372036854775808"))
                    .isEqualTo(Long.MIN_VALUE);
        }

        @ParameterizedTest
        @ValueSource(strings = {"0", "11", "5.5", "five", "", "1e400", "1e999999999", "NaN", "99999999999999999999"})
        void areRefusedOutOfTheRangeAndWithAFraction(String text) {
            refuses(type, text);
        }

        @Test
        void areNoFlagsListsOrMaps() {
            refuses(type, true);
            refuses(type, List.of(5));
            refuses(type, Map.of("a", 5));
        }
    }

    @Nested
    class Numbers {
        @ParameterizedTest
        @CsvSource({"BOTH, true, true", "LOWER, true, false", "UPPER, false, true"})
        void haveTheEndsThatTheirRangeSays(Ends ends, boolean least, boolean most) {
            Real type = new Real(0, 1, ends);

            assertThat(type.read("0.5")).isEqualTo(0.5);
            assertThat(type.read(0.5f)).isEqualTo(0.5);
            assertThat(accepts(type, 0)).isEqualTo(least);
            assertThat(accepts(type, 1)).isEqualTo(most);
        }

        @ParameterizedTest
        @ValueSource(doubles = {-0.001, 1.001, Double.NaN, Double.POSITIVE_INFINITY})
        void areRefusedOutOfTheRange(double number) {
            refuses(new Real(0, 1, Ends.BOTH), number);
        }

        @Test
        void sayTheirRangeInWords() {
            assertThat(new Real(0, 1, Ends.UPPER).description()).isEqualTo("a number above 0 to 1");
            assertThat(new Real(0, 1, Ends.LOWER).description()).isEqualTo("a number from 0 to below 1");
            assertThat(new Real(-100, 100, Ends.BOTH).description()).isEqualTo("a number from -100 to 100");
            assertThat(new Whole(0, 1).description()).isEqualTo("a whole number between 0 and 1");
            assertThat(new Whole(3, Long.MAX_VALUE).description()).isEqualTo("a whole number ≥ 3");
            assertThat(new Whole(Long.MIN_VALUE, Long.MAX_VALUE).description()).isEqualTo("a whole number");
        }
    }

    @Nested
    class Words {
        @Test
        void ofFlagsAreTrueAndFalseInAnyCase() {
            assertThat(new Flag().read(true)).isEqualTo(true);
            assertThat(new Flag().read("FALSE")).isEqualTo(false);
            refuses(new Flag(), 1);
            refuses(new Flag(), "yes");
        }

        @Test
        void ofChoicesAreReadInAnyCase() {
            Choice type = new Choice(List.of("mean", "last"));

            assertThat(type.read("Last ")).isEqualTo("last");
            assertThat(type.description()).isEqualTo("mean or last");
            refuses(type, "first");
            refuses(type, List.of("last"));
        }

        @Test
        void ofTextsAreKeptAsTheyAre() {
            assertThat(new Text().read(" Be brief. ")).isEqualTo(" Be brief. ");
            assertThat(new Text().read("")).isEqualTo("");
            refuses(new Text(), 5);
        }
    }

    @Nested
    class Lists {
        private final Texts type = new Texts();

        @Test
        void areATextOrSeveralOrAJsonArray() {
            assertThat(type.read("END")).isEqualTo(List.of("END"));
            assertThat(type.read(List.of("a", "\n"))).isEqualTo(List.of("a", "\n"));
            assertThat(type.read("[\"a\", \"b\"]")).isEqualTo(List.of("a", "b"));
            assertThat(type.read(List.of())).isEqualTo(List.of());
        }

        @Test
        void keepTextsThatOnlyLookLikeJson() {
            assertThat(type.read("[")).isEqualTo(List.of("["));
            assertThat(type.read("[INST]")).isEqualTo(List.of("[INST]"));
            assertThat(type.read("{}")).isEqualTo(List.of("{}"));
        }

        @Test
        void areRefusedWithAnEmptyTextOrSomethingElseInThem() {
            refuses(type, "");
            refuses(type, List.of("a", ""));
            refuses(type, List.of(1));
            refuses(type, "[1]");
            refuses(type, java.util.Arrays.asList("a", null));
        }
    }

    @Nested
    class Biases {
        private final Bias type = new Bias();

        @Test
        void areMapsFromTokenIdsOrTheirJson() {
            assertThat(type.read(Map.of("7", -1.5, "9", "100"))).isEqualTo(Map.of(7, -1.5, 9, 100.0));
            assertThat(type.read("{\"7\": -1.5}")).isEqualTo(Map.of(7, -1.5));
            assertThat(type.read(Map.of())).isEqualTo(Map.of());
        }

        @Test
        void areRefusedForWhatIsNoTokenIdOrNoAddend() {
            refuses(type, Map.of("yes", 1));
            refuses(type, Map.of("-1", 1));
            refuses(type, Map.of("7", 100.1));
            refuses(type, java.util.Collections.singletonMap("7", null));
            refuses(type, "7: 1");
            refuses(type, "[7]");
        }
    }

    @Nested
    class Times {
        private final Time type = new Time();

        @ParameterizedTest
        @CsvSource({"30, 30000", "0.5, 500", "500ms, 500", "30s, 30000", "2m, 120000", "2 min, 120000", "1H, 3600000"})
        void areSecondsUnlessAUnitIsNamed(String text, long millis) {
            assertThat(type.read(text)).isEqualTo(millis);
        }

        @Test
        void areReadFromNumbersAndIntervals() {
            assertThat(type.read(2)).isEqualTo(2000L);
            assertThat(type.read(new BigDecimal("1.5"))).isEqualTo(1500L);
            assertThat(type.read(Duration.ofSeconds(5))).isEqualTo(5000L);
        }

        @ParameterizedTest
        @ValueSource(strings = {"0", "0ms", "-1", "0.0001", "soon", "5 days", "1e3", "9999999999"})
        void areRefusedWhenTheyAreNoneOrNotAboveZero(String text) {
            refuses(type, text);
        }

        @Test
        void areRefusedAsIntervalsThatAreNotAboveZero() {
            refuses(type, Duration.ZERO);
            refuses(type, Duration.ofNanos(999_999));
        }
    }

    private static boolean accepts(OptionType type, Object value) {
        try {
            return type.read(value) != null;
        } catch (IllegalArgumentException refused) {
            return false;
        }
    }

    private static void refuses(OptionType type, Object value) {
        assertThatIllegalArgumentException().isThrownBy(() -> type.read(value));
    }
}
