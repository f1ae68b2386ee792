package io.pangu.spark.source;

import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.types.StructType;

/** What {@code CREATE TABLE … USING pangu} leaves in the catalog: it can be dropped, and says why it cannot be read. */
record CatalogTable(String name) implements Table {
    /** A property that the session catalog hands over and no user does. */
    private static final String OWNER = "owner";

    static boolean isMeantBy(Map<String, String> properties) {
        return properties.containsKey(OWNER);
    }

    RuntimeException refusal() {
        throw PromptOptions.error(
                "a table of the catalog cannot be in this format, which only reads; create a view instead:"
                        + " CREATE VIEW answers AS SELECT * FROM pangu.`path of the prompts`.");
    }

    @Override
    @SuppressWarnings("deprecation") // the columns() that replaces it is made from it by default
    public StructType schema() {
        return new StructType();
    }

    @Override
    public Set<TableCapability> capabilities() {
        return Set.of(TableCapability.BATCH_READ);
    }
}
