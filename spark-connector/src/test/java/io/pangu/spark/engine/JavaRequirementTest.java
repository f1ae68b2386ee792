package io.pangu.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.spark.engine.JavaRequirement.Jvm;
import io.pangu.spark.engine.JavaRequirement.SparkProcess;
import org.junit.jupiter.api.Test;

final class JavaRequirementTest {
    private static final Jvm OLD = new Jvm(17, "17.0.15", "/usr/lib/jvm/java-17", true);

    @Test
    void saysWhichProcessRunsOnWhichJavaAndHowToMendIt() {
        assertThatThrownBy(() -> JavaRequirement.check(OLD, new SparkProcess(false, "4.2.0")))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessage(
                        "generate() needs Java 25, but Spark's executor runs on Java 17.0.15 (/usr/lib/jvm/java-17)."
                                + " Set spark.executorEnv.JAVA_HOME to a JDK 25 that is installed on every worker, or JAVA_HOME"
                                + " where the workers are started.");
    }

    @Test
    void speaksOfTheDriverInLocalMode() {
        assertThatThrownBy(() -> JavaRequirement.check(OLD, new SparkProcess(true, "4.2.0")))
                .hasMessageContaining("Spark's driver")
                .hasMessageContaining("Set JAVA_HOME to a JDK 25");
    }

    @Test
    void saysThatAnOlderSparkDoesNotStartOnJava25() {
        assertThatThrownBy(() -> JavaRequirement.check(OLD, new SparkProcess(true, "4.1.3")))
                .hasMessageContaining("Spark 4.1.3 itself does not start on Java 25");
        assertThatThrownBy(() -> JavaRequirement.check(OLD, new SparkProcess(true, "4.0.4")))
                .hasMessageContaining("Spark 4.0.4 itself does not start on Java 25");
    }

    @Test
    void contentsItselfWith25AndLater() {
        assertThatCode(() -> JavaRequirement.check(
                        new Jvm(25, "25.0.3", "/opt/jdk", false), new SparkProcess(false, "4.2.0")))
                .doesNotThrowAnyException();
        assertThatCode(() ->
                        JavaRequirement.check(new Jvm(26, "26", "/opt/jdk", true), new SparkProcess(true, "4.2.0")))
                .doesNotThrowAnyException();
    }

    @Test
    void mentionsTheVectorModuleOnlyWhereItIsMissing() {
        assertThat(JavaRequirement.missingModuleNote(new Jvm(25, "25", "/opt/jdk", false)))
                .contains("--add-modules=jdk.incubator.vector");
        assertThat(JavaRequirement.missingModuleNote(new Jvm(25, "25", "/opt/jdk", true)))
                .isEmpty();
    }
}
