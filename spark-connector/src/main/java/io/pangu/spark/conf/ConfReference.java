package io.pangu.spark.conf;

import io.pangu.spark.conf.ConfKey.Scope;

/** The configuration reference, {@code docs/configuration.md}, written from the keys. */
public final class ConfReference {
    private ConfReference() {}

    /** The whole page as Markdown. */
    public static String markdown() {
        StringBuilder page = new StringBuilder("""
                # Configuration

                Written from the code (`PanguKeys`); `ConfReferenceTest` fails when it is out of date.

                Keys are set like Spark's own: with `--conf` of `spark-submit`, in `spark-defaults.conf`, in the session builder,
                or with `SET` in a session, where they hold for the queries after it. One key is required, `spark.pangu.model`.
                Words may be written in any case. A value that a key cannot have fails the query with a message that names the
                key, the value and what it may be; so does a key after `spark.pangu.` that does not exist, as a misspelt one.

                ```sql
                SET spark.pangu.model=/models/pangu-pro-moe;
                SET spark.pangu.on-error=null;
                ```

                ## Engine

                An engine is a loaded model. Each executor opens one when a task first needs it, or at its start where
                `spark.plugins=io.pangu.spark.PanguPlugin` is set, and all queries with equal values of these keys share it. A
                query with other values gets another engine, so they are best set once for an application.

                """);
        table(page, Scope.ENGINE);
        page.append("\n## Query\n\nRead when a query is planned; changing them between queries costs nothing.\n\n");
        table(page, Scope.QUERY);
        return page.toString();
    }

    private static void table(StringBuilder page, Scope scope) {
        page.append("| Key | Value | Default | What it does |\n|---|---|---|---|\n");
        for (ConfKey key : PanguKeys.all()) {
            if (key.scope() == scope) {
                page.append("| `").append(key.name()).append("` | ");
                page.append(key.type().description()).append(" | ");
                page.append(key.defaultValue().map(value -> '`' + value + '`').orElse("none"))
                        .append(" | ");
                page.append(key.doc()).append(" |\n");
            }
        }
    }
}
