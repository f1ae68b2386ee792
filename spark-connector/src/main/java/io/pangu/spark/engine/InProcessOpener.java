package io.pangu.spark.engine;

import org.apache.spark.SparkEnv;

/** Opens the runtime's engine in this JVM, after a look at what JVM it is. */
final class InProcessOpener implements EngineOpener {
    @Override
    public boolean opens(EngineSettings settings) {
        return true;
    }

    @Override
    public OwnedEngine open(EngineSettings settings) {
        JavaRequirement.check(JavaRequirement.Jvm.running(), process());
        return InProcessEngineClient.open(ExecutorCores.applyTo(settings));
    }

    private static JavaRequirement.SparkProcess process() {
        SparkEnv env = SparkEnv.get();
        return new JavaRequirement.SparkProcess(
                env == null || env.executorId().equals("driver"), org.apache.spark.package$.MODULE$.SPARK_VERSION());
    }
}
