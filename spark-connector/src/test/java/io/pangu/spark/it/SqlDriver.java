package io.pangu.spark.it;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * A user's application that knows SQL alone. Compiled once more for Java 17 and run in a process of its own; writes for each
 * statement its rows as JSON, or its error.
 */
public final class SqlDriver {
    static final String STATEMENT = "STATEMENT ";
    static final String ERROR = "ERROR ";

    private SqlDriver() {}

    /** Runs statements: the file to write, then {@code name=value} settings, {@code --}, and the statements. */
    public static void main(String[] arguments) throws java.io.IOException {
        List<String> all = Arrays.asList(arguments);
        int end = all.indexOf("--");
        SparkSession.Builder builder = SparkSession.builder();
        for (String setting : all.subList(1, end)) {
            int equals = setting.indexOf('=');
            builder.config(setting.substring(0, equals), setting.substring(equals + 1));
        }
        SparkSession session = builder.getOrCreate();
        List<String> lines = new ArrayList<>();
        try {
            for (String statement : all.subList(end + 1, all.size())) {
                lines.add(STATEMENT + statement);
                lines.addAll(run(session, statement));
            }
        } finally {
            Files.write(Path.of(all.get(0)), lines, StandardCharsets.UTF_8);
            session.stop();
        }
    }

    private static List<String> run(SparkSession session, String statement) {
        try {
            return session.sql(statement).toJSON().collectAsList();
        } catch (Throwable e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            return List.of(ERROR + trace.toString().replace("\n", " | "));
        }
    }
}
