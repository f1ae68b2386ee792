package io.pangu.spark.source;

import io.pangu.spark.functions.AnalysisErrors;
import io.pangu.spark.functions.OptionException;
import io.pangu.spark.functions.PanguFunction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a read of {@code format("pangu")} asks for, checked.
 *
 * @param prompts paths of Parquet files or directories, or one table's name
 * @param promptColumn the column with the texts
 * @param outputColumn the name of the column that is added
 * @param function what is done with each text
 * @param labels the labels to choose from; empty unless the function classifies
 * @param call the function's own options, by canonical name
 * @param parquet options that are Spark's own Parquet reader's
 */
record PromptOptions(
        List<String> prompts,
        String promptColumn,
        String outputColumn,
        PanguFunction function,
        List<String> labels,
        Map<String, String> call,
        Map<String, String> parquet) {
    private static final String PROMPTS = "prompts";
    private static final String PATH = "path";
    private static final String PATHS = "paths";
    private static final String PROMPT_COLUMN = "prompt_column";
    private static final String OUTPUT_COLUMN = "output_column";
    private static final String TASK = "task";
    private static final String LABELS = "labels";

    private static final Set<String> PARQUET = Set.of(
            "mergeschema",
            "datetimerebasemode",
            "int96rebasemode",
            "pathglobfilter",
            "recursivefilelookup",
            "modifiedbefore",
            "modifiedafter",
            "ignoremissingfiles",
            "ignorecorruptfiles",
            "basepath");

    PromptOptions {
        prompts = List.copyOf(prompts);
        labels = List.copyOf(labels);
        call = Map.copyOf(call);
        parquet = Map.copyOf(parquet);
    }

    /**
     * Reads the options of a read; {@code -} or {@code _} in their names are alike, and so is their case.
     *
     * @throws RuntimeException an analysis error for an option that is unknown, missing or given twice
     */
    static PromptOptions read(Map<String, String> written) {
        return new Reader(written).options();
    }

    private static final class Reader {
        private final Map<String, String> own = new LinkedHashMap<>();
        private final Map<String, String> call = new LinkedHashMap<>();
        private final Map<String, String> parquet = new LinkedHashMap<>();
        private final PanguFunction function;

        Reader(Map<String, String> written) {
            Map<String, String> byName = new LinkedHashMap<>();
            written.forEach((name, value) -> {
                if (byName.put(name.strip().toLowerCase(Locale.ROOT).replace('-', '_'), value) != null) {
                    throw error("option '" + name + "' is given twice; give it once.");
                }
            });
            function = function(byName.getOrDefault(TASK, "generate"));
            List<String> ownNames = ownNames();
            byName.forEach((name, value) -> {
                Optional<String> callOption = function.options().canonicalName(name);
                if (ownNames.contains(name)) {
                    own.put(name, value);
                } else if (callOption.isPresent()) {
                    call.put(callOption.get(), value);
                } else if (PARQUET.contains(name)) {
                    parquet.put(name, value);
                } else {
                    throw error(
                            OptionException.unknown(name, knownNames(ownNames)).getMessage());
                }
            });
        }

        PromptOptions options() {
            return new PromptOptions(
                    prompts(),
                    own.getOrDefault(PROMPT_COLUMN, "prompt"),
                    own.getOrDefault(OUTPUT_COLUMN, defaultOutputColumn()),
                    function,
                    labels(),
                    call,
                    parquet);
        }

        private List<String> ownNames() {
            List<String> names = new ArrayList<>(List.of(PROMPTS, PROMPT_COLUMN, OUTPUT_COLUMN, TASK, PATH, PATHS));
            if (classifies()) {
                names.add(LABELS);
            }
            return names;
        }

        private List<String> knownNames(List<String> ownNames) {
            Set<String> names = new LinkedHashSet<>(ownNames);
            names.remove(PATHS);
            names.addAll(function.options().names());
            return List.copyOf(names);
        }

        private List<String> prompts() {
            Set<String> given = new LinkedHashSet<>();
            given.addAll(own.containsKey(PATHS) ? TextLists.read(own.get(PATHS)) : List.of());
            given.addAll(own.containsKey(PATH) ? List.of(own.get(PATH)) : List.of());
            if (own.containsKey(PROMPTS)) {
                if (!given.isEmpty()) {
                    throw error(
                            "the prompts are given twice, as option 'prompts' and as a path to load; give them once.");
                }
                given.add(own.get(PROMPTS));
            }
            if (given.isEmpty()) {
                throw error(
                        "no prompts are given: set option 'prompts' to the path of a Parquet file or directory, or to"
                                + " the name of a table.");
            }
            return List.copyOf(given);
        }

        private List<String> labels() {
            if (!classifies()) {
                return List.of();
            }
            List<String> labels = TextLists.read(own.getOrDefault(LABELS, ""));
            if (labels.size() < 2) {
                throw error("task 'classify' needs at least two labels; set option 'labels', for instance to"
                        + " 'positive, negative' or to a JSON array.");
            }
            return labels;
        }

        private String defaultOutputColumn() {
            if (classifies()) {
                return "label";
            }
            return function == PanguFunction.EMBED ? "embedding" : "completion";
        }

        private boolean classifies() {
            return function == PanguFunction.CLASSIFY || function == PanguFunction.CLASSIFY_DETAILS;
        }

        private static PanguFunction function(String task) {
            return PanguFunction.named(task.strip()).orElseThrow(() -> {
                List<String> known = new ArrayList<>();
                for (PanguFunction function : PanguFunction.values()) {
                    known.add(function.sqlName());
                }
                return error("task '" + task + "' is unknown; known are " + String.join(", ", known) + ".");
            });
        }
    }

    /** Throws an analysis error. */
    static RuntimeException error(@Nullable String problem) {
        throw AnalysisErrors.of("format(\"pangu\"): " + problem);
    }
}
