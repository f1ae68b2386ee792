package io.pangu.spark.plan;

import io.pangu.spark.engine.EngineAccess;
import org.apache.spark.sql.SparkSessionExtensions;

/** Adds the planner's rules to sessions. */
public final class PanguRules {
    private PanguRules() {}

    /**
     * Adds all rules.
     *
     * @param access how tasks come by their executor's engine
     */
    public static void inject(SparkSessionExtensions extensions, EngineAccess access) {
        extensions.injectPostHocResolutionRule(session -> new ExtractInference());
        extensions.injectCheckRule(session -> new CheckCalls());
        extensions.injectOptimizerRule(session -> new MergeEqualCalls());
        extensions.injectOptimizerRule(session -> new RaiseInference());
        extensions.injectOptimizerRule(session -> new PushBelowInference());
        extensions.injectOptimizerRule(session -> new DropUnusedCalls());
        extensions.injectPreCBORule(session -> new InferenceOptimization(session.sparkContext()));
        extensions.injectPlannerStrategy(session -> new InferenceStrategy(access));
    }
}
