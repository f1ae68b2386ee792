package io.pangu.examples;

import io.pangu.examples.demo.DemoModel;
import java.io.Console;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The demo: a Parquet table of prompts answered by a model inside the executors, through the SQL function and through the
 * data source, and a table of reviews labelled by it. Run by {@code ./examples/demo.sh}.
 */
@Command(
        name = "demo.sh",
        mixinStandardHelpOptions = true,
        description = "Answers a Parquet table of prompts with a language model inside Spark's executors.")
public final class PromptTableDemo implements Callable<Integer> {
    @Option(names = "--model", paramLabel = "DIR", description = "checkpoint directory (default: the demo model)")
    private @Nullable Path model;

    @Option(names = "--prompts", paramLabel = "FILE", description = "Parquet table of prompts (default: 20 questions)")
    private @Nullable Path prompts;

    @Option(
            names = "--prompt-column",
            paramLabel = "NAME",
            description = "its prompt column (default: ${DEFAULT-VALUE})")
    private String promptColumn = "prompt";

    @Option(names = "--max-tokens", paramLabel = "N", description = "longest answer (default: ${DEFAULT-VALUE})")
    private int maxTokens = 48;

    @Option(names = "--limit", paramLabel = "N", description = "only the first N rows of each table")
    private int limit = Integer.MAX_VALUE;

    @Option(names = "--weights", paramLabel = "KIND", description = "bf16, int8 or f32 (default: ${DEFAULT-VALUE})")
    private String weights = "bf16";

    @Option(
            names = "--check",
            description = "compare the demo model's answers and labels with the known ones; exit 1 where they differ")
    private boolean checks;

    @Option(names = "--work", hidden = true)
    private Path work = Path.of(".demo");

    private final PrintStream out;
    private final PrintStream errors;

    private PromptTableDemo(PrintStream out, PrintStream errors) {
        this.out = out;
        this.errors = errors;
    }

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    /** The whole program but for the end of the process; returns its exit status. */
    static int run(PrintStream out, PrintStream errors, String... args) {
        PromptTableDemo demo = new PromptTableDemo(out, errors);
        return new CommandLine(demo)
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(errors, true, StandardCharsets.UTF_8))
                .setExecutionExceptionHandler(demo::explain)
                .execute(args);
    }

    private int explain(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        errors.println("The demo failed: " + rootMessage(failure));
        return 1;
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }

    @Override
    public Integer call() throws Exception {
        Path checkpoint = model == null ? DemoModel.make(null, work.resolve("smollm2-moge")) : model;
        try (SparkSession spark = session(checkpoint)) {
            DemoQueries queries = new DemoQueries(spark, out, limit);
            Path table = prompts == null ? DemoTables.writePrompts(spark, work.resolve("prompts.parquet")) : prompts;
            requireExists(table);
            Verdict answers = queries.generate(table, promptColumn, maxTokens);
            Verdict source = queries.readThroughDataSource(table, promptColumn, maxTokens);
            if (model != null || prompts != null) {
                return 0;
            }
            Verdict labels = queries.classify(DemoTables.writeReviews(spark, work.resolve("reviews.parquet")));
            return checks && !Verdict.allGood(out, answers, source, labels) ? 1 : 0;
        }
    }

    private static void requireExists(Path table) {
        if (!Files.exists(table)) {
            throw new IllegalArgumentException("there is no prompt table at " + table.toAbsolutePath());
        }
    }

    private SparkSession session(Path checkpoint) {
        return SparkSession.builder()
                .appName("Pangu demo")
                .master("local[*]")
                .config("spark.pangu.model", checkpoint.toAbsolutePath().toString())
                .config("spark.pangu.weights", weights)
                .config("spark.plugins", "io.pangu.spark.PanguPlugin")
                .config("spark.sql.catalogImplementation", "in-memory")
                .config(
                        "spark.sql.warehouse.dir",
                        work.resolve("warehouse").toAbsolutePath().toString())
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", isTerminal())
                .getOrCreate();
    }

    private static boolean isTerminal() {
        // Since JDK 22 there may be a console without a terminal, and with unusual providers none at all.
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
}
