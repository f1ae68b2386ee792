package io.pangu.spark;

import io.pangu.spark.engine.JvmEngineAccess;
import io.pangu.spark.functions.PanguFunctions;
import io.pangu.spark.plan.PanguRules;
import io.pangu.spark.source.ReplaceDirectReads;
import io.pangu.spark.source.ReplacePromptTables;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * What a session needs to know of the model: functions, planner rules and the data source's rules. Registered by the
 * service file in the jar, so that the jar on the class path is enough; {@code spark.sql.extensions} works too. Needs no
 * class of the engine: a driver on Java 17 plans for executors on Java 25.
 */
public final class PanguExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit>
        implements SparkSessionExtensionsProvider {
    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        PanguFunctions.inject(extensions);
        PanguRules.inject(extensions, JvmEngineAccess.INSTANCE);
        extensions.injectHintResolutionRule(ReplaceDirectReads::new);
        extensions.injectResolutionRule(ReplacePromptTables::new);
        return BoxedUnit.UNIT;
    }
}
