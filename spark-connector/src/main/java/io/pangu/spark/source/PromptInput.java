package io.pangu.spark.source;

import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Finds the table behind the option {@code prompts}. */
final class PromptInput {
    /** A dot or a slash in front, a slash anywhere, a scheme or a drive: nothing that the name of a table has. */
    private static final Pattern PATH_LIKE = Pattern.compile(".*[/\\\\*:].*|\\..*");

    private final SparkSession session;
    private final PromptOptions options;

    PromptInput(SparkSession session, PromptOptions options) {
        this.session = session;
        this.options = options;
    }

    /** The analysed plan that reads the prompts, by Spark's own Parquet source or from the catalog. */
    LogicalPlan plan() {
        return data().queryExecution().analyzed();
    }

    /** What to call the prompts in a message. */
    String name() {
        return String.join(", ", options.prompts());
    }

    private Dataset<Row> data() {
        if (isTable()) {
            return session.table(options.prompts().get(0));
        }
        return parquet(options.prompts().toArray(new String[0]));
    }

    private boolean isTable() {
        String name = options.prompts().get(0);
        return options.prompts().size() == 1
                && !PATH_LIKE.matcher(name).matches()
                && session.catalog().tableExists(name);
    }

    @SuppressWarnings("CatchAndPrintStackTrace")
    private Dataset<Row> parquet(String... paths) {
        try {
            return session.read().options(options.parquet()).parquet(paths);
        } catch (Exception e) {
            // Scala does not declare it, so that Java cannot catch it by its own type.
            if (e instanceof AnalysisException && hasCondition(e, "PATH_NOT_FOUND")) {
                throw PromptOptions.error("the prompts '" + name() + "' do not exist: there is no file or directory"
                        + (PATH_LIKE.matcher(name()).matches() ? "" : " and no table")
                        + " of this name that the driver can see; option 'prompts' is the path of a Parquet file or"
                        + " directory, or the name of a table. This format only reads: write answers in another one.");
            }
            if (e instanceof AnalysisException && hasCondition(e, "UNABLE_TO_INFER_SCHEMA")) {
                throw PromptOptions.error(
                        "the prompts '" + name() + "' hold no Parquet file, so nothing says which columns"
                                + " they have; write them with df.write.parquet(path), or give the name of a table.");
            }
            throw e;
        }
    }

    private static boolean hasCondition(Exception error, String condition) {
        return String.valueOf(error.getMessage()).toUpperCase(Locale.ROOT).contains(condition);
    }
}
