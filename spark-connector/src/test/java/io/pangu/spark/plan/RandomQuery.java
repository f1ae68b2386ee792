package io.pangu.spark.plan;

import java.util.List;
import java.util.Random;

/**
 * A query of random shape over the tables t and u: projections, filters, joins, unions, groups, windows, limits and
 * subqueries in one another, with calls wherever SQL allows an expression. Its rows do not depend on the order of execution.
 */
final class RandomQuery {
    private static final int ROWS_OF_T = 40;
    private static final int ROWS_OF_U = 20;

    private final Random random;
    private int numAliases;
    private int maxCalls;
    private final String sql;

    RandomQuery(long seed) {
        random = new Random(seed);
        Relation relation = relation(3);
        sql = "SELECT * FROM " + relation.sql() + " q";
    }

    String sql() {
        return sql;
    }

    /** How many calls there are when each written one is made at most once for each row of its input. */
    int maxCalls() {
        return maxCalls;
    }

    /**
     * Something to select from, with the columns id, k and prompt.
     *
     * @param maxRows a bound
     * @param hasUniqueIds whether id orders the rows
     */
    private record Relation(String sql, int maxRows, boolean hasUniqueIds) {}

    /** Where an expression stands: the alias that its columns have and how many rows it may be evaluated for. */
    private record Place(String alias, int maxRows) {
        String column(String name) {
            return alias + "." + name;
        }
    }

    private Relation relation(int depth) {
        if (depth == 0) {
            return new Relation("t", ROWS_OF_T, true);
        }
        Relation input = relation(depth - 1);
        return switch (random.nextInt(8)) {
            case 0, 1 -> project(input);
            case 2 -> join(input);
            case 3 -> group(input);
            case 4 -> union(input, relation(depth - 1));
            case 5 -> window(input);
            case 6 -> limit(input);
            default -> filter(input);
        };
    }

    private Relation project(Relation input) {
        Place place = place(input);
        String distinct = random.nextInt(4) == 0 ? "DISTINCT " : "";
        String columns = place.column("id") + ", " + place.column("k") + ", " + text(place, 2, true) + " AS prompt";
        return new Relation(
                "(SELECT " + distinct + columns + from(input, place) + where(place) + ")",
                input.maxRows(),
                input.hasUniqueIds());
    }

    private Relation filter(Relation input) {
        Place place = place(input);
        String sql = "(SELECT *" + from(input, place) + " WHERE " + condition(place, 2, true) + ")";
        return new Relation(sql, input.maxRows(), input.hasUniqueIds());
    }

    private Relation join(Relation input) {
        Place left = place(input);
        Place right = new Place("r" + numAliases++, ROWS_OF_U);
        String type =
                List.of("JOIN", "LEFT JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN").get(random.nextInt(4));
        boolean hasRight = !type.contains("SEMI") && !type.contains("ANTI");
        String on = left.column("id") + " = " + right.column("id");
        if (random.nextBoolean()) {
            on += " AND " + like(random.nextBoolean() ? left : right, 1, false);
        }
        String prompt = hasRight
                ? "concat(" + text(left, 1, false) + ", coalesce(" + right.column("prompt") + ", '-'))"
                : text(left, 1, false);
        return new Relation(
                "(SELECT " + left.column("id") + ", " + left.column("k") + ", " + prompt + " AS prompt"
                        + from(input, left) + " " + type + " (SELECT *, id % 4 AS k FROM u) " + right.alias() + " ON "
                        + on + ")",
                input.maxRows(),
                input.hasUniqueIds());
    }

    private Relation group(Relation input) {
        Place place = place(input);
        Place groups = new Place(place.alias(), input.maxRows());
        String filter = random.nextBoolean() ? " FILTER (WHERE " + condition(place, 1, false) + ")" : "";
        String aggregate = "max(" + text(place, 1, false) + ")" + filter;
        String prompt = random.nextBoolean() ? aggregate : call("concat('a', " + aggregate + ")", groups.maxRows());
        String having = random.nextInt(3) == 0
                ? " HAVING " + call("concat('k', " + place.column("k") + ")", groups.maxRows()) + " NOT LIKE '%3>'"
                : "";
        return new Relation(
                "(SELECT min(" + place.column("id") + ") AS id, " + place.column("k") + ", " + prompt + " AS prompt"
                        + from(input, place) + where(place) + " GROUP BY " + place.column("k") + having + ")",
                input.maxRows(),
                input.hasUniqueIds());
    }

    private Relation union(Relation one, Relation other) {
        String all = random.nextBoolean() ? " UNION ALL " : " UNION ";
        return new Relation(
                "(SELECT id, k, prompt FROM " + one.sql() + all + "SELECT id, k, prompt FROM " + other.sql() + ")",
                one.maxRows() + other.maxRows(),
                false);
    }

    private Relation window(Relation input) {
        if (!input.hasUniqueIds()) {
            return filter(input);
        }
        Place place = place(input);
        String rank = "row_number() OVER (PARTITION BY " + place.column("k") + " ORDER BY " + place.column("id") + ")";
        return new Relation(
                "(SELECT id, k, prompt FROM (SELECT id, k, " + text(place, 1, false) + " AS prompt, " + rank + " AS n"
                        + from(input, place) + ") WHERE n <= " + (1 + random.nextInt(3)) + ")",
                input.maxRows(),
                true);
    }

    private Relation limit(Relation input) {
        if (!input.hasUniqueIds()) {
            return project(input);
        }
        Place place = place(input);
        String offset = random.nextInt(3) == 0 ? " OFFSET 2" : "";
        return new Relation(
                "(SELECT id, k, " + text(place, 1, false) + " AS prompt" + from(input, place) + " ORDER BY "
                        + place.column("id") + " LIMIT " + (1 + random.nextInt(9)) + offset + ")",
                input.maxRows(),
                true);
    }

    private Place place(Relation input) {
        return new Place("r" + numAliases++, input.maxRows());
    }

    private static String from(Relation input, Place place) {
        return " FROM " + input.sql() + " " + place.alias();
    }

    private String where(Place place) {
        return random.nextBoolean() ? " WHERE " + condition(place, 1, true) : "";
    }

    private String call(String prompt, int maxRows) {
        maxCalls += maxRows;
        return "generate(" + prompt + ")";
    }

    private String text(Place place, int depth, boolean mayAskSubqueries) {
        if (depth == 0) {
            return place.column("prompt");
        }
        String inner = text(place, depth - 1, mayAskSubqueries);
        return switch (random.nextInt(7)) {
            case 0, 1, 2 -> call(inner, place.maxRows());
            case 3 ->
                "CASE WHEN " + condition(place, depth, mayAskSubqueries) + " THEN " + inner + " ELSE "
                        + text(place, depth - 1, mayAskSubqueries) + " END";
            case 4 -> "coalesce(IF(" + place.column("id") + " % 3 = 0, NULL, " + inner + "), 'none')";
            case 5 -> "concat('x', " + inner + ")";
            default -> "IF(" + like(place, depth - 1, mayAskSubqueries) + ", upper(" + inner + "), 'no')";
        };
    }

    private String like(Place place, int depth, boolean mayAskSubqueries) {
        return text(place, depth, mayAskSubqueries) + " LIKE '%" + random.nextInt(10) + "%'";
    }

    private String condition(Place place, int depth, boolean mayAskSubqueries) {
        if (depth == 0) {
            return random.nextBoolean()
                    ? place.column("id") + " < " + random.nextInt(ROWS_OF_T)
                    : "NULLIF(" + place.column("k") + ", 2) = " + random.nextInt(4);
        }
        return switch (random.nextInt(mayAskSubqueries ? 7 : 5)) {
            case 0 -> both(place, depth, mayAskSubqueries, " AND ");
            case 1 -> both(place, depth, mayAskSubqueries, " OR ");
            case 2 -> "NOT (" + condition(place, depth - 1, mayAskSubqueries) + ")";
            case 3, 4 -> like(place, depth, mayAskSubqueries);
            case 5 ->
                place.column("id") + " IN (SELECT id FROM u WHERE " + call("u.prompt", ROWS_OF_U) + " LIKE '%"
                        + random.nextInt(10) + "%')";
            default ->
                "EXISTS (SELECT 1 FROM u WHERE u.id = " + place.column("id") + " AND u.id > " + random.nextInt(20)
                        + ")";
        };
    }

    private String both(Place place, int depth, boolean mayAskSubqueries, String operator) {
        return "(" + condition(place, depth - 1, mayAskSubqueries) + operator
                + condition(place, depth - 1, mayAskSubqueries) + ")";
    }
}
