package io.pangu.spark.functions;

import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import scala.Option;
import scala.collection.immutable.Map;

/** Errors of a query as Spark's own kind, so that every front end shows them as such. */
public final class AnalysisErrors {
    /**
     * The condition of Spark's whose text is its parameter. There must be one: PySpark asks Spark for the text of the
     * condition of each error that has a place in a query, and fails with a NullPointerException instead when it has none.
     */
    private static final String CONDITION = "USER_RAISED_EXCEPTION";

    private static final String CONDITION_PARAMETER = "errorMessage";

    private AnalysisErrors() {}

    /** An {@link AnalysisException}, thrown without being declared, as Spark's Scala code does; Spark adds the place. */
    public static RuntimeException of(String message) {
        AnalysisException error = new AnalysisException(
                message,
                Option.empty(),
                Option.empty(),
                Option.empty(),
                Option.apply(CONDITION),
                new Map.Map1<>(CONDITION_PARAMETER, message),
                new QueryContext[0]);
        throw AnalysisErrors.<RuntimeException>undeclared(error);
    }

    // Erased: the throwable is thrown as it is.
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> T undeclared(Throwable error) throws T {
        throw (T) error;
    }
}
