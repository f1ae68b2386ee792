package io.pangu.spark.engine;

/**
 * What the engine needs of the JVM, checked before a class of the runtime is touched: those are of a later class version
 * than the connector, and a Java that cannot load them would say so in numbers instead of words.
 */
final class JavaRequirement {
    static final int LEAST_JAVA = 25;

    private JavaRequirement() {}

    /**
     * A JVM as far as it matters here.
     *
     * @param feature its feature release, 17 for 17.0.15
     * @param version its full version
     * @param home its directory
     * @param hasVectorModule whether {@code jdk.incubator.vector} was added at its start
     */
    record Jvm(int feature, String version, String home, boolean hasVectorModule) {
        static Jvm running() {
            return new Jvm(
                    Runtime.version().feature(),
                    System.getProperty("java.version", "?"),
                    System.getProperty("java.home", "?"),
                    ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
        }
    }

    /**
     * Which process of Spark a JVM is.
     *
     * @param onDriver true in local mode, where the driver is the executor
     * @param sparkVersion as 4.2.0
     */
    record SparkProcess(boolean onDriver, String sparkVersion) {}

    /** Whether the engine's classes can be loaded by the Java that runs this. */
    static boolean isMet() {
        return Runtime.version().feature() >= LEAST_JAVA;
    }

    /** Throws unless the engine's classes can be loaded here. */
    static void check(Jvm jvm, SparkProcess process) {
        if (jvm.feature() >= LEAST_JAVA) {
            return;
        }
        String who = process.onDriver() ? "Spark's driver, which is the executor in local mode," : "Spark's executor";
        String remedy = process.onDriver()
                ? "Set JAVA_HOME to a JDK " + LEAST_JAVA + " before Spark (or the Python that starts it) is started"
                : "Set spark.executorEnv.JAVA_HOME to a JDK " + LEAST_JAVA
                        + " that is installed on every worker, or JAVA_HOME where the workers are started";
        throw new EngineUnavailableException("generate() needs Java " + LEAST_JAVA + ", but " + who + " runs on Java "
                + jvm.version() + " (" + jvm.home() + "). " + remedy + "." + sparkNote(process.sparkVersion()));
    }

    /** What to add to a failed opening's message when a flag of the JVM may be the reason; else empty. */
    static String missingModuleNote(Jvm jvm) {
        return jvm.hasVectorModule()
                ? ""
                : " This JVM was started without --add-modules=jdk.incubator.vector, which the kernels in plain Java need;"
                        + " Spark's launchers pass it, a JVM that you start yourself needs it on its command line.";
    }

    private static String sparkNote(String sparkVersion) {
        return sparkVersion.startsWith("4.0.") || sparkVersion.startsWith("4.1.")
                ? " Spark " + sparkVersion + " itself does not start on Java " + LEAST_JAVA
                        + "; Spark 4.2 is the first that does."
                : "";
    }
}
