package io.pangu.spark.source;

import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.CreatableRelationProvider;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** {@code format("pangu")}: prompt tables with a column that the model fills. */
public final class PanguSource implements TableProvider, CreatableRelationProvider, DataSourceRegister {
    /** The name in {@code format(…)} and in front of a path. */
    public static final String NAME = "pangu";

    @Override
    public String shortName() {
        return NAME;
    }

    @Override
    public StructType inferSchema(CaseInsensitiveStringMap options) {
        if (CatalogTable.isMeantBy(options)) {
            return new StructType();
        }
        return new PromptPlan(SparkSession.active(), PromptOptions.read(options.asCaseSensitiveMap())).schema();
    }

    @Override
    public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
        if (CatalogTable.isMeantBy(properties)) {
            return new CatalogTable(NAME);
        }
        return new PromptTable(PromptOptions.read(properties), schema);
    }

    /** What Spark falls back to for a source that it cannot write to; it would say so without a remedy. */
    @Override
    public BaseRelation createRelation(
            SQLContext context,
            SaveMode mode,
            scala.collection.immutable.Map<String, String> options,
            Dataset<Row> answers) {
        throw PromptOptions.error("this format only reads; write the answers in another one, for instance"
                + " spark.read.format(\"pangu\").load(prompts).write.parquet(answers).");
    }
}
