package io.pangu.spark.source;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;

/** Puts the real plan where {@code format("pangu")} was read; for the analyzer's resolution batch. */
public final class ReplacePromptTables extends Rule<LogicalPlan> {
    private final SparkSession session;

    public ReplacePromptTables(SparkSession session) {
        this.session = session;
    }

    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        PartialFunction<LogicalPlan, LogicalPlan> replacement = new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(LogicalPlan node) {
                return node instanceof DataSourceV2Relation relation
                        && (relation.table() instanceof PromptTable || relation.table() instanceof CatalogTable);
            }

            @Override
            public LogicalPlan apply(LogicalPlan node) {
                DataSourceV2Relation relation = (DataSourceV2Relation) node;
                if (relation.table() instanceof CatalogTable table) {
                    throw table.refusal();
                }
                PromptTable table = (PromptTable) relation.table();
                return new PromptPlan(session, table.options()).planInPlaceOf(relation.output());
            }
        };
        return plan.resolveOperatorsUp(replacement);
    }
}
