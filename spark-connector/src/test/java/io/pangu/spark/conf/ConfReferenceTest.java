package io.pangu.spark.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfReferenceTest {
    @Test
    void isThePageInDocs() {
        GeneratedPage.holds("configuration.md", ConfReference.markdown());
    }

    @Test
    void namesEveryKeyOnceWithItsDefault() {
        List<String> rows = ConfReference.markdown()
                .lines()
                .filter(line -> line.startsWith("| `spark.pangu."))
                .toList();

        assertThat(rows).hasSameSizeAs(PanguKeys.all());
        for (ConfKey key : PanguKeys.all()) {
            assertThat(rows)
                    .filteredOn(row -> row.startsWith("| `" + key.name() + "` |"))
                    .singleElement()
                    .asString()
                    .contains(key.doc())
                    .contains(key.type().description())
                    .contains("| "
                            + key.defaultValue().map(value -> '`' + value + '`').orElse("none") + " |");
        }
    }

    @Test
    void hasFourColumnsInEveryRow() {
        assertThat(ConfReference.markdown().lines().filter(line -> line.startsWith("|")))
                .allMatch(line -> line.chars().filter(letter -> letter == '|').count() == 5);
    }
}
