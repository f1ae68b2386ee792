package io.pangu.spark.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Some hundred different prompts and chats, and what each row's answers are. */
final class PromptTable {
    static final int NUM_ROWS = 240;
    static final int NUM_FILES = 12;
    /** Most tokens of a prompt's completion. */
    static final int PROMPT_TOKENS = 16;

    private static final List<GoldenModel.Chat> CHATS = GoldenModel.chats();
    private static final List<String> PROMPTS = IntStream.range(0, NUM_ROWS)
            .mapToObj(id -> "Question " + id + ": what is " + id % 7 + " and " + id / 3 + "?")
            .toList();

    private static final class Expected {
        private static final List<String> COMPLETIONS = GoldenModel.completions(PROMPTS, PROMPT_TOKENS);
    }

    private PromptTable() {}

    /** Writes columns id, prompt and chat as Parquet files, each with rows of all kinds. */
    static void write(SparkSession session, Path directory) {
        StructType turn = new StructType().add("role", DataTypes.StringType).add("content", DataTypes.StringType);
        StructType schema = new StructType()
                .add("id", DataTypes.LongType, false)
                .add("prompt", DataTypes.StringType)
                .add("chat", new ArrayType(turn, true));
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < NUM_ROWS; id++) {
            rows.add(RowFactory.create(
                    (long) id, PROMPTS.get(id), chat(id).turns().toArray()));
        }
        session.createDataFrame(rows, schema)
                .repartition(NUM_FILES)
                .write()
                .mode(SaveMode.Overwrite)
                .parquet(directory.toString());
    }

    static GoldenModel.Chat chat(long id) {
        return CHATS.get((int) (id % CHATS.size()));
    }

    static String prompt(long id) {
        return PROMPTS.get((int) id);
    }

    /** What the model completes the row's prompt with, computed in one process. */
    static String completion(long id) {
        return Expected.COMPLETIONS.get((int) id);
    }
}
