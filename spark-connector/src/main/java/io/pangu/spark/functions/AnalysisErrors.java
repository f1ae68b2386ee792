package io.pangu.spark.functions;

import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import scala.Option;
import scala.collection.immutable.Map$;

/** Errors of a query as Spark's own kind, so that every front end shows them as such. */
public final class AnalysisErrors {
    private AnalysisErrors() {}

    /** An {@link AnalysisException}, thrown without being declared, as Spark's Scala code does. */
    public static RuntimeException of(String message) {
        AnalysisException error = new AnalysisException(
                message,
                Option.empty(),
                Option.empty(),
                Option.empty(),
                Option.empty(),
                Map$.MODULE$.empty(),
                new QueryContext[0]);
        throw AnalysisErrors.<RuntimeException>undeclared(error);
    }

    // Erased: the throwable is thrown as it is.
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> T undeclared(Throwable error) throws T {
        throw (T) error;
    }
}
