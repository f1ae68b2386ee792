package io.pangu.spark.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.AnalysisContext;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunction;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.Option;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;

/**
 * Qualifies calls by our short names where the user has a function of that name, temporary or in the current database:
 * functions that an extension injects count as Spark's own, which stand before users' functions. Runs before Spark resolves
 * functions. The {@code ai_} names are left alone.
 */
final class PreferUserFunctions extends Rule<LogicalPlan> {
    private static final String SESSION_CATALOG = "spark_catalog";

    private final SparkSession session;

    PreferUserFunctions(SparkSession session) {
        this.session = session;
    }

    @Override
    public LogicalPlan apply(LogicalPlan plan) {
        PartialFunction<Expression, Expression> qualified = new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(Expression expression) {
                return expression instanceof UnresolvedFunction function && isShortName(function);
            }

            @Override
            public Expression apply(Expression expression) {
                UnresolvedFunction function = (UnresolvedFunction) expression;
                return usersName(function.nameParts().head())
                        .map(name -> renamed(function, name))
                        .orElse(function);
            }
        };
        PartialFunction<LogicalPlan, LogicalPlan> everywhere = new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(LogicalPlan node) {
                return true;
            }

            @Override
            public LogicalPlan apply(LogicalPlan node) {
                return node.transformExpressions(qualified);
            }
        };
        return plan.resolveOperatorsUp(everywhere);
    }

    private static boolean isShortName(UnresolvedFunction function) {
        return function.nameParts().length() == 1
                && PanguFunction.named(function.nameParts().head())
                        .filter(ours -> ours.sqlName()
                                .equalsIgnoreCase(function.nameParts().head()))
                        .isPresent();
    }

    /** The full name of the user's function; empty where there is none. */
    private Optional<List<String>> usersName(String name) {
        SessionCatalog catalog = session.sessionState().catalog();
        AnalysisContext context = AnalysisContext.get();
        List<String> viewsNamespace = Seqs.list(context.catalogAndNamespace());
        boolean isInView = !viewsNamespace.isEmpty();
        // A view means the functions that it was made with, whatever the session has registered since.
        boolean seesTemporary = !isInView
                || context.referredTempFunctionNames().contains(name)
                || context.referredTempFunctionNames().contains(name.toLowerCase(Locale.ROOT));
        if (seesTemporary && catalog.isTemporaryFunction(new FunctionIdentifier(name))) {
            return Optional.of(List.of("system", "session", name));
        }
        List<String> namespace = isInView
                ? viewsNamespace
                : List.of(session.catalog().currentCatalog(), session.catalog().currentDatabase());
        boolean isPersistent = namespace.size() == 2
                && namespace.get(0).equals(SESSION_CATALOG)
                && catalog.isPersistentFunction(new FunctionIdentifier(name, Option.apply(namespace.get(1))));
        if (!isPersistent) {
            return Optional.empty();
        }
        List<String> parts = new ArrayList<>(namespace);
        parts.add(name);
        return Optional.of(parts);
    }

    /** By its parts, whose types differ between Spark 4.0 and 4.2. */
    private static Expression renamed(UnresolvedFunction function, List<String> nameParts) {
        Object[] parts = new Object[function.productArity()];
        parts[0] = Seqs.of(nameParts);
        for (int index = 1; index < parts.length; index++) {
            parts[index] = function.productElement(index);
        }
        return function.makeCopy(parts);
    }
}
