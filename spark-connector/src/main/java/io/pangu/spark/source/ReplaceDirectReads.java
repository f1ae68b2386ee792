package io.pangu.spark.source;

import io.pangu.spark.functions.Seqs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.internal.SQLConf;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;

/**
 * Puts the real plan where a query reads {@code pangu.`path`}. For the analyzer's batch of hints: Spark's own rule for
 * queries on files refuses every source that is not a {@code FileFormat}, before the injected resolution rules run.
 */
public final class ReplaceDirectReads extends Rule<LogicalPlan> {
    private final SparkSession session;

    public ReplaceDirectReads(SparkSession session) {
        this.session = session;
    }

    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        PartialFunction<LogicalPlan, LogicalPlan> replacement = new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(LogicalPlan node) {
                return node instanceof UnresolvedRelation relation && isDirectRead(relation);
            }

            @Override
            public LogicalPlan apply(LogicalPlan node) {
                UnresolvedRelation relation = (UnresolvedRelation) node;
                Map<String, String> options =
                        new LinkedHashMap<>(relation.options().asCaseSensitiveMap());
                options.put("path", parts(relation).get(1));
                return new PromptPlan(session, PromptOptions.read(options)).plan();
            }
        };
        return plan.resolveOperatorsUp(replacement);
    }

    private boolean isDirectRead(UnresolvedRelation relation) {
        List<String> parts = parts(relation);
        return parts.size() == 2
                && parts.get(0).equalsIgnoreCase(PanguSource.NAME)
                && !relation.isStreaming()
                && SQLConf.get().runSQLonFile()
                && !isTable(parts.get(1));
    }

    /** A user's own database may be named as we are. */
    private boolean isTable(String name) {
        return session.catalog().databaseExists(PanguSource.NAME)
                && session.catalog().tableExists("`" + PanguSource.NAME + "`.`" + name.replace("`", "``") + "`");
    }

    private static List<String> parts(UnresolvedRelation relation) {
        return Seqs.<String>list(relation.multipartIdentifier());
    }
}
