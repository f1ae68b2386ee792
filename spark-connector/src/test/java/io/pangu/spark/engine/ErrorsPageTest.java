package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.spark.conf.GeneratedPage;
import io.pangu.spark.engine.JavaRequirement.Jvm;
import io.pangu.spark.engine.JavaRequirement.SparkProcess;
import io.pangu.spark.request.EngineReply;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** {@code docs/errors.md} against what the code says. */
class ErrorsPageTest {
    private final String page = GeneratedPage.text("errors.md");

    @Test
    void hasEveryCodeOfARowAndNoOther() {
        Map<String, String> retryable = new TreeMap<>();
        for (ErrorCode code : ErrorCode.values()) {
            EngineReply.Failed reply = ReplyTranslation.failed(new EngineException(code, "why"));
            if (reply.code().equals(code.name())) {
                retryable.put(reply.code(), reply.retryable() ? "yes" : "no");
            }
        }

        Map<String, String> documented = new TreeMap<>();
        Pattern.compile("\\| `([A-Z_]+)` \\|.*\\| (yes|no) \\|")
                .matcher(page)
                .results()
                .forEach(row -> documented.put(row.group(1), row.group(2)));
        assertThat(documented).isEqualTo(retryable);
    }

    @Test
    void quotesWhatAnOldJavaIsTold() {
        Throwable error = Assertions.catchThrowable(() -> JavaRequirement.check(
                new Jvm(17, "17.0.15", "/usr/lib/jvm/java-17", true), new SparkProcess(false, "4.2.0")));

        assertThat(error).hasMessageStartingWith("generate() needs Java 25, but Spark's executor runs on Java 17");
        assertThat(page).contains("`generate() needs Java 25, but Spark's executor runs on Java 17...`");
    }

    @Test
    void linksOnlyToPagesThatAreThere() {
        List<String> links = Pattern.compile("\\]\\(([a-z]+\\.md)\\)")
                .matcher(page)
                .results()
                .map(link -> link.group(1))
                .toList();

        assertThat(links)
                .isNotEmpty()
                .allSatisfy(name -> assertThat(GeneratedPage.text(name)).isNotBlank());
    }
}
