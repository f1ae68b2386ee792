package io.pangu.spark.conf;

import io.pangu.spark.conf.ConfKey.Scope;

/** The configuration reference, {@code docs/configuration.md}, written from the keys. */
public final class ConfReference {
    private ConfReference() {}

    /** The whole page as Markdown. */
    public static String markdown() {
        StringBuilder page = new StringBuilder("""
                # Configuration

                Written from the code (`PanguKeys`); `ConfReferenceTest` fails when it is out of date. Keys can be given to
                `spark-submit --conf`, to the session builder and in `spark-defaults.conf`; the keys of a query also with
                `SET` between queries.

                ## Engine

                Read when an engine is opened. Queries with equal values share one engine per executor.

                """);
        table(page, Scope.ENGINE);
        page.append("\n## Query\n\nRead when a query is planned.\n\n");
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
