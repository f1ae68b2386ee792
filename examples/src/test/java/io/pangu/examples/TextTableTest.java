package io.pangu.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;

class TextTableTest {
    @Test
    void linesColumnsUpUnderTheirNames() {
        assertThat(printed(
                        new String[] {"id", "answer"},
                        List.of(RowFactory.create(1, "yes"), RowFactory.create(12, "no"))))
                .isEqualTo("id | answer\n-----------\n1  | yes\n12 | no\n");
    }

    @Test
    void keepsACellOnOneLineAndCutsAVeryLongOne() {
        String printed =
                printed(new String[] {"a"}, List.of(RowFactory.create("x\ny"), RowFactory.create("z".repeat(100))));
        assertThat(printed.lines()).contains("x\\ny", "z".repeat(57) + "...");
    }

    @Test
    void showsNullAsAWord() {
        assertThat(printed(new String[] {"a"}, List.of(RowFactory.create((Object) null))))
                .contains("null");
    }

    private static String printed(String[] columns, List<Row> rows) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new TextTable(columns).print(new PrintStream(bytes, true, StandardCharsets.UTF_8), rows);
        return bytes.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
}
