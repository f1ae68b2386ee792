package io.pangu.spark.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.apache.spark.sql.Row;

/** What more than one test wants to hold. */
final class Expectations {
    private static final Pattern LOADED = Pattern.compile("model \\S*moge-tiny: .*, loaded in ");

    private Expectations() {}

    /** Holds for a row of id, completion of the prompt and answer of the chat. */
    static void holdFor(Row row) {
        long id = row.getLong(0);
        assertThat(row.getString(1)).as("completion of prompt %s", id).isEqualTo(PromptTable.completion(id));
        assertThat(row.getString(2))
                .as("answer of chat %s", id)
                .isEqualTo(PromptTable.chat(id).answer());
    }

    /** How many engines an executor loaded, by its log. */
    static long enginesLoaded(String log) {
        return LOADED.matcher(log).results().count();
    }
}
