package io.pangu.runtime.backend.cann.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The list of functions that the bindings are held to: {@code cann/functions.txt} by its sections. */
final class FunctionList {
    /** A function by name, its types in letters. */
    record Entry(String name, String letters) {}

    private static final Map<String, List<Entry>> SECTIONS = read();

    private FunctionList() {}

    static List<Entry> all() {
        return SECTIONS.values().stream().flatMap(List::stream).toList();
    }

    static List<Entry> section(String name) {
        return Objects.requireNonNull(SECTIONS.get(name), name);
    }

    private static Map<String, List<Entry>> read() {
        Map<String, List<Entry>> sections = new LinkedHashMap<>();
        List<Entry> section = new ArrayList<>();
        for (String line : text().split("\n", -1)) {
            if (line.startsWith("[")) {
                section = new ArrayList<>();
                sections.put(line.substring(1, line.length() - 1), section);
            } else if (!line.isBlank() && !line.startsWith("#")) {
                String[] columns = line.split("\t", -1);
                section.add(new Entry(columns[0], columns[1]));
            }
        }
        return sections;
    }

    private static String text() {
        try (InputStream list = FunctionList.class.getResourceAsStream("/cann/functions.txt")) {
            return new String(Objects.requireNonNull(list).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
