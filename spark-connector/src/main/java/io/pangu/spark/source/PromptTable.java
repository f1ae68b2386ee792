package io.pangu.spark.source;

import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The place of a prompt table in a plan until {@link ReplacePromptTables} puts the real plan there; it is never scanned.
 *
 * @param options what was asked for
 * @param tableSchema all columns of the input and the output column
 */
record PromptTable(PromptOptions options, StructType tableSchema) implements SupportsRead {
    @Override
    public String name() {
        return "pangu.`" + String.join(", ", options.prompts()) + "`";
    }

    @Override
    @SuppressWarnings("deprecation") // the columns() that replaces it is made from it by default
    public StructType schema() {
        return tableSchema;
    }

    @Override
    public Set<TableCapability> capabilities() {
        return Set.of(TableCapability.BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap unused) {
        throw PromptOptions.error(
                "this session was built without Pangu's extension, because the jar was added after it."
                        + " Put the jar on the class path before Spark starts (spark.jars, --jars or --packages), or set"
                        + " spark.sql.extensions to io.pangu.spark.PanguExtensions.");
    }
}
