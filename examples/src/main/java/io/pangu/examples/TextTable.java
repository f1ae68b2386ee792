package io.pangu.examples;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/** Rows as a table for a terminal; a cell is one line, cut where it would not fit. */
final class TextTable {
    private static final int WIDEST_CELL = 60;

    private final String[] columns;

    TextTable(String[] columns) {
        this.columns = columns.clone();
    }

    void print(PrintStream out, List<Row> rows) {
        List<String[]> lines = new ArrayList<>();
        lines.add(columns);
        for (Row row : rows) {
            String[] cells = new String[columns.length];
            for (int i = 0; i < cells.length; i++) {
                cells[i] = cell(row.get(i));
            }
            lines.add(cells);
        }
        int[] widths = new int[columns.length];
        for (String[] line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line[i].length());
            }
        }
        for (int row = 0; row < lines.size(); row++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append(i == 0 ? "" : " | ").append(lines.get(row)[i]);
                text.repeat(' ', widths[i] - lines.get(row)[i].length());
            }
            out.println(text.toString().stripTrailing());
            if (row == 0) {
                out.println("-".repeat(text.length()));
            }
        }
    }

    private static String cell(Object value) {
        String line =
                String.valueOf(value).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
        return line.length() <= WIDEST_CELL ? line : line.substring(0, WIDEST_CELL - 3) + "...";
    }
}
