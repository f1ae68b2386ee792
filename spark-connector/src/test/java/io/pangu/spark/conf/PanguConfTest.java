package io.pangu.spark.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.conf.ConfKey.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PanguConfTest {
    private static final PanguConf NOTHING_SET = PanguConf.of(Map.of());

    @Nested
    class Keys {
        static List<ConfKey> all() {
            return PanguKeys.all();
        }

        @ParameterizedTest
        @MethodSource("all")
        void haveADefaultThatTheyAccept(ConfKey key) {
            key.defaultValue()
                    .ifPresent(value -> assertThat(key.type().canonical(value)).contains(value));
            assertThat(key.defaultValue().isPresent() || key.equals(PanguKeys.MODEL))
                    .isTrue();
        }

        @ParameterizedTest
        @MethodSource("all")
        void areNamedInTheHousesWay(ConfKey key) {
            assertThat(key.name()).matches("spark\\.pangu\\.([a-z]+\\.)?[a-z]+(-[a-z]+)*");
            assertThat(key.doc()).endsWith(".").doesNotContain("|").doesNotContain("\n");
        }

        @Test
        void haveNamesOfTheirOwn() {
            assertThat(PanguKeys.all()).extracting(ConfKey::name).doesNotHaveDuplicates();
        }
    }

    @Nested
    class Values {
        @Test
        void areTheDefaultWhereNothingIsSet() {
            assertThat(NOTHING_SET.text(PanguKeys.BACKEND)).isEqualTo("auto");
            assertThat(NOTHING_SET.number(PanguKeys.DEVICES)).hasValue(1);
            assertThat(NOTHING_SET.number(PanguKeys.WINDOW)).isEmpty();
            assertThat(NOTHING_SET.bytes(PanguKeys.KV_CACHE_BYTES)).isZero();
            assertThat(NOTHING_SET.share(PanguKeys.MAX_ERROR_RATIO)).isEqualTo(1);
            assertThat(NOTHING_SET.value(PanguKeys.MODEL)).isEmpty();
        }

        @Test
        void areTheDefaultWhereABlankIsSet() {
            assertThat(set(PanguKeys.BACKEND, "  ").text(PanguKeys.BACKEND)).isEqualTo("auto");
            assertThatThrownBy(() -> set(PanguKeys.MODEL, " ").model()).hasMessageContaining("No model is configured");
        }

        @ParameterizedTest
        @CsvSource({"CPU, cpu", "Auto, auto", "' cpu ', cpu"})
        void ofWordsAreReadInAnyCase(String written, String read) {
            assertThat(set(PanguKeys.BACKEND, written).text(PanguKeys.BACKEND)).isEqualTo(read);
        }

        @ParameterizedTest
        @CsvSource({"1, 1", "64, 64", "+64, 64", "' 64 ', 64", "2147483647, 2147483647"})
        void ofNumbersAreRead(String written, int read) {
            assertThat(set(PanguKeys.WINDOW, written).number(PanguKeys.WINDOW)).hasValue(read);
        }

        @Test
        void ofNumbersMayBeWords() {
            assertThat(set(PanguKeys.WINDOW, "AUTO").number(PanguKeys.WINDOW)).isEqualTo(OptionalInt.empty());
            assertThat(set(PanguKeys.PARTITIONS, "keep").text(PanguKeys.PARTITIONS))
                    .isEqualTo("keep");
        }

        @ParameterizedTest
        @CsvSource({
            "0, 0",
            "1024, 1024",
            "1k, 1024",
            "512m, 536870912",
            "4g, 4294967296",
            "4G, 4294967296",
            "4 gb, 4294967296",
            "4gib, 4294967296",
            "2t, 2199023255552",
            "100b, 100"
        })
        void ofSizesAreBytes(String written, long bytes) {
            assertThat(set(PanguKeys.KV_CACHE_BYTES, written).bytes(PanguKeys.KV_CACHE_BYTES))
                    .isEqualTo(bytes);
        }

        @ParameterizedTest
        @CsvSource({"0, 0", "1, 1", "0.05, 0.05", ".5, 0.5", "1.0, 1"})
        void ofSharesAreFromZeroToOne(String written, double share) {
            assertThat(set(PanguKeys.MAX_ERROR_RATIO, written).share(PanguKeys.MAX_ERROR_RATIO))
                    .isEqualTo(share);
        }

        @Test
        void ofTheEngineAreThoseThatAreSet() {
            PanguConf conf = PanguConf.of(Map.of(
                    "spark.pangu.model", "/models/a",
                    "spark.pangu.weights", "INT8",
                    "spark.pangu.threads", " 4 ",
                    "spark.pangu.window", "7",
                    "spark.pangu.backend", ""));

            assertThat(conf.engineOptions())
                    .containsExactly(Map.entry("spark.pangu.threads", "4"), Map.entry("spark.pangu.weights", "int8"));
            assertThat(conf.model()).isEqualTo("/models/a");
        }

        @Test
        void ofNamesKeepTheirCase() {
            assertThat(set(PanguKeys.RESOURCE, "Ascend910").text(PanguKeys.RESOURCE))
                    .isEqualTo("Ascend910");
            assertThat(NOTHING_SET.text(PanguKeys.RESOURCE)).isEqualTo("npu");
        }

        @Test
        void comeFromAnySource() {
            PanguConf conf = PanguConf.of(
                    key -> key.equals("spark.pangu.devices") ? Optional.of("3") : Optional.<String>empty());

            assertThat(conf.number(PanguKeys.DEVICES)).hasValue(3);
        }
    }

    @Nested
    class BadValues {
        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                backend            | gpu         | `auto`, `cpu`, `cann`. Set it to such a value or leave it out for auto.
                backend            | au to       | `auto`, `cpu`, `cann`
                resource           | huawei/npu  | letters, digits and any of `_`, `.`, `-`. Set it to such a value or leave it out for npu.
                devices            | 0           | whole number ≥ 1. Set it to such a value or leave it out for 1.
                devices            | two         | whole number ≥ 1
                devices            | 1.5         | whole number ≥ 1
                weights            | fp8         | `bf16`, `int8`, `f32`
                threads            | -1          | whole number ≥ 0
                threads            | 2147483648  | whole number ≥ 0
                cpu.kernels        | simd        | `auto`, `native`, `vector`
                max-context-length | 4k          | whole number ≥ 0
                max-batch-tokens   | -5          | whole number ≥ 0
                max-sequences      | many        | whole number ≥ 0
                kv-cache-bytes     | 4x          | bytes, also as `512m` or `4g`
                kv-cache-bytes     | -1          | bytes
                kv-cache-bytes     | 1.5g        | bytes
                kv-cache-bytes     | 5i          | bytes
                kv-cache-bytes     | 99999999999999t | bytes
                on-error           | ignore      | `fail`, `null`. Set it to such a value or leave it out for fail.
                max-error-ratio    | 5%          | number from 0 to 1
                max-error-ratio    | 1.01        | number from 0 to 1
                max-error-ratio    | -0.1        | number from 0 to 1
                max-error-ratio    | NaN         | number from 0 to 1
                window             | 0           | `auto` or a whole number ≥ 1
                window             | all         | `auto` or a whole number ≥ 1
                partitions         | none        | `auto`, `keep` or a whole number ≥ 1
                """)
        void areNamedWithTheirKeyAndWhatTheyMayBe(String name, String value, String allowed) {
            ConfKey key = PanguKeys.all().stream()
                    .filter(each -> each.name().equals(PanguKeys.PREFIX + name))
                    .findFirst()
                    .orElseThrow();

            assertThatThrownBy(() -> set(key, value).value(key))
                    .isInstanceOf(ConfException.class)
                    .hasMessageStartingWith("spark.pangu." + name + " is '" + value + "'; it must be: ")
                    .hasMessageContaining(allowed);
        }

        @Test
        void ofAnyEngineKeyAreFoundTogetherWithTheOthers() {
            for (ConfKey key : PanguKeys.all()) {
                boolean isChecked = key.scope() == Scope.ENGINE && !key.equals(PanguKeys.MODEL);
                if (isChecked) {
                    assertThatThrownBy(() -> set(key, "?!").engineOptions()).hasMessageContaining(key.name());
                } else {
                    assertThatCode(() -> set(key, "?!").engineOptions()).doesNotThrowAnyException();
                }
            }
        }

        @Test
        void areAMissingModelTooWithTheWayToSetIt() {
            assertThatThrownBy(NOTHING_SET::model)
                    .isInstanceOf(ConfException.class)
                    .hasMessage(
                            "No model is configured: spark.pangu.model is not set. Set it to a checkpoint directory that"
                                    + " every executor can read, for instance with --conf spark.pangu.model=/models/pangu-pro-moe"
                                    + " or in SQL with SET spark.pangu.model=/models/pangu-pro-moe.");
            assertThatThrownBy(() -> NOTHING_SET.text(PanguKeys.MODEL))
                    .hasMessage("spark.pangu.model is not set. Set it to a value: text.");
        }
    }

    @Nested
    class Names {
        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                on-eror     | Did you mean spark.pangu.on-error? Take it out
                max_batch_tokens | Did you mean spark.pangu.max-batch-tokens? Take it out
                Window      | Did you mean spark.pangu.window? Take it out
                zzzzzz      | there is no such setting. Take it out
                """)
        void thatDoNotExistAreRefusedWithTheNearest(String name, String hint) {
            String key = PanguKeys.PREFIX + name;

            assertThatThrownBy(() -> PanguConf.requireKnown(List.of("spark.app.name", key, "spark.pangu.model")))
                    .isInstanceOf(ConfException.class)
                    .hasMessageStartingWith(key + " is set, but there is no such setting.")
                    .hasMessageContaining(hint)
                    .hasMessageContaining("(in SQL: RESET " + key + ")")
                    .hasMessageEndingWith("known are, after spark.pangu., "
                            + PanguKeys.all().stream()
                                    .map(each -> each.name().substring(PanguKeys.PREFIX.length()))
                                    .collect(Collectors.joining(", "))
                            + ".");
        }

        @Test
        void ofOursAndOfOthersPass() {
            List<String> names = new ArrayList<>(List.of("spark.master", "pangu.model", "spark.pangumodel"));
            PanguKeys.all().forEach(key -> names.add(key.name()));

            assertThatCode(() -> PanguConf.requireKnown(names)).doesNotThrowAnyException();
        }
    }

    private static PanguConf set(ConfKey key, String value) {
        return PanguConf.of(Map.of(key.name(), value));
    }
}
