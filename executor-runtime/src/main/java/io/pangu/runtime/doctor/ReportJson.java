package io.pangu.runtime.doctor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A report for programs. Written by hand, so that the command runs where Spark's libraries are not. */
final class ReportJson {
    private static final String INDENT = "  ";

    private ReportJson() {}

    static String of(Report report) {
        Map<String, Object> counts = new LinkedHashMap<>();
        for (Finding.Level level : Finding.Level.values()) {
            counts.put(level.name().toLowerCase(Locale.ROOT), report.count(level));
        }
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("schemaVersion", Report.SCHEMA_VERSION);
        root.put("backend", report.backend());
        root.put("start", report.start().toString());
        root.put("canRun", report.canRun());
        root.put("verdict", report.verdict());
        root.put("counts", counts);
        root.put("sections", report.sections().stream().map(ReportJson::section).toList());
        StringBuilder out = new StringBuilder();
        write(out, root, "\n");
        return out.append('\n').toString();
    }

    private static Map<String, Object> section(Section section) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("title", section.title());
        object.put(
                "findings", section.findings().stream().map(ReportJson::finding).toList());
        return object;
    }

    private static Map<String, Object> finding(Finding finding) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("level", finding.level().name());
        object.put("subject", finding.subject());
        object.put("found", finding.found());
        object.put("remedy", finding.remedy());
        object.put("facts", finding.facts());
        return object;
    }

    private static void write(StringBuilder out, Object value, String line) {
        switch (value) {
            case Map<?, ?> map -> writeObject(out, map, line);
            case List<?> list -> writeList(out, list, line);
            case Boolean flag -> out.append(flag);
            case Double number -> out.append(Double.isFinite(number) ? number.toString() : "null");
            case Number number -> out.append(number);
            default -> writeText(out, value.toString());
        }
    }

    private static void writeObject(StringBuilder out, Map<?, ?> map, String line) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        String separator = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator).append(line).append(INDENT);
            writeText(out, String.valueOf(entry.getKey()));
            out.append(": ");
            write(out, entry.getValue(), line + INDENT);
            separator = ",";
        }
        out.append(line).append('}');
    }

    private static void writeList(StringBuilder out, List<?> list, String line) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        String separator = "[";
        for (Object element : list) {
            out.append(separator).append(line).append(INDENT);
            write(out, element, line + INDENT);
            separator = ",";
        }
        out.append(line).append(']');
    }

    private static void writeText(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c)) {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
