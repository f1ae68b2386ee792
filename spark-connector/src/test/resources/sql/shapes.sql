-- Shapes of queries. Each has the number of calls of the model that it may take; its rows are those of the same query with
-- a function that needs no model. t: id 0..39, k = id % 4, prompt p<id>; u: id 0..19, prompt q<id>.

-- project: 40
SELECT id, generate(prompt) FROM t;

-- literal argument: 1
SELECT generate('hello');

-- VALUES: 2
SELECT generate(p) FROM VALUES ('a'), ('b') AS v(p);

-- NULL prompt: 37
SELECT id, generate(IF(id < 3, NULL, prompt)) FROM t;

-- same call twice in SELECT: 40
SELECT generate(prompt) AS a, concat(generate(prompt), '!') AS b FROM t;

-- alias used twice above: 40
SELECT g, length(g), upper(g) FROM (SELECT generate(prompt) AS g FROM t);

-- lateral column alias: 40
SELECT generate(prompt) AS g, concat(g, '!') AS h FROM t;

-- filter on result: 40
SELECT id, g FROM (SELECT id, generate(prompt) AS g FROM t) WHERE g LIKE '%3>';

-- filter on result and cheap filter outside: 10
SELECT id, g FROM (SELECT id, generate(prompt) AS g FROM t) WHERE g LIKE '%3>' AND id < 10;

-- WHERE call only: 40
SELECT id FROM t WHERE generate(prompt) LIKE '%3>';

-- WHERE cheap AND call: 5
SELECT id FROM t WHERE id < 5 AND generate(prompt) LIKE '%3>';

-- WHERE call AND cheap: 5
SELECT id FROM t WHERE generate(prompt) LIKE '%3>' AND id < 5;

-- WHERE cheap OR call: 10
SELECT id FROM t WHERE id >= 10 OR generate(prompt) LIKE '%3>';

-- WHERE call OR cheap: 10
SELECT id FROM t WHERE generate(prompt) LIKE '%3>' OR id >= 10;

-- CASE WHEN: 10
SELECT id, CASE WHEN id < 10 THEN generate(prompt) ELSE 'no' END FROM t;

-- CASE two calls: 20
SELECT id, CASE WHEN id < 10 THEN generate(prompt) WHEN id < 20 THEN generate(concat('x', prompt)) END FROM t;

-- IF and COALESCE: 30
SELECT IF(id < 10, generate(prompt), 'no'),
       COALESCE(IF(id < 20, prompt, NULL), generate(concat('y', prompt))) FROM t;

-- nested: 80
SELECT id, generate(generate(prompt)) FROM t;

-- nested with concat: 80
SELECT id, generate(concat(generate(prompt), '!')) FROM t;

-- LIMIT, any rows: 3
SELECT length(generate(concat('x', k))) FROM t LIMIT 3;

-- ORDER BY column LIMIT, ordered: 3
SELECT id, generate(prompt) FROM t ORDER BY id LIMIT 3;

-- ORDER BY call LIMIT, ordered: 40
SELECT id, generate(prompt) AS g FROM t ORDER BY generate(prompt) DESC LIMIT 3;

-- column not selected: 0
SELECT id FROM (SELECT id, generate(prompt) AS g FROM t);

-- count(*) over calls: 0
SELECT count(*) FROM (SELECT id, generate(prompt) AS g FROM t);

-- GROUP BY call: 40
SELECT generate(concat('k', k)) AS g, count(*) FROM t GROUP BY generate(concat('k', k));

-- GROUP BY ordinal: 40
SELECT generate(concat('k', k)) AS g, count(*) FROM t GROUP BY 1;

-- aggregate over calls: 40
SELECT k, max(generate(prompt)) FROM t GROUP BY k;

-- count distinct calls: 40
SELECT count(DISTINCT generate(concat('k', k))) FROM t;

-- call over aggregate: 4
SELECT k, generate(max(prompt)) FROM t GROUP BY k;

-- call over window: 40
SELECT id, generate(first(concat('k', k)) OVER (PARTITION BY k ORDER BY id)) FROM t;

-- DISTINCT: 40
SELECT DISTINCT generate(concat('k', k)) FROM t;

-- explode(split(call)): 40
SELECT id, explode(split(generate(prompt), 'p')) FROM t;

-- lateral view: 40
SELECT id, w FROM t LATERAL VIEW explode(split(generate(prompt), 'p')) x AS w;

-- call above join: 20
SELECT t.id, generate(t.prompt) FROM t JOIN u ON t.id = u.id;

-- call over both sides: 20
SELECT t.id, generate(concat(t.prompt, u.prompt)) FROM t JOIN u ON t.id = u.id;

-- join ON left call: 40
SELECT t.id FROM t JOIN u ON t.id = u.id AND generate(t.prompt) LIKE '%1%';

-- join ON both sides' call: 20
SELECT t.id FROM t JOIN u ON t.id = u.id AND generate(concat(t.prompt, u.prompt)) LIKE '%1%';

-- left join ON left call: 40
SELECT t.id, u.id FROM t LEFT JOIN u ON t.id = u.id AND generate(t.prompt) LIKE '%1%';

-- left join ON right call: 20
SELECT t.id, u.id FROM t LEFT JOIN u ON t.id = u.id AND generate(u.prompt) LIKE '%1%';

-- self join of calls: 80
SELECT a.id, a.g, b.g FROM (SELECT id, generate(prompt) AS g FROM t) a
JOIN (SELECT id, generate(prompt) AS g FROM t) b ON a.id = b.id;

-- CTE twice: 40
WITH c AS (SELECT id, generate(prompt) AS g FROM t) SELECT a.id, a.g, b.g FROM c a JOIN c b ON a.id = b.id;

-- UNION ALL: 60
SELECT generate(prompt) FROM t UNION ALL SELECT generate(prompt) FROM u;

-- IN subquery of calls: 20
SELECT id FROM t WHERE concat('<q', id, '>') IN (SELECT generate(prompt) FROM u);

-- scalar subquery: 20
SELECT id FROM t WHERE concat('<q', id, '>') >= (SELECT max(generate(prompt)) FROM u WHERE u.id < 30);

-- scalar subquery twice: 40
SELECT (SELECT max(generate(prompt)) FROM u), (SELECT min(generate(prompt)) FROM u);

-- EXISTS correlated with call: 20
SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND generate(u.prompt) LIKE '%1%');

-- correlated scalar call of outer: 40
SELECT id, (SELECT generate(t.prompt)) FROM t;

-- correlated scalar aggregate of inner calls: 20
SELECT id, (SELECT max(generate(u.prompt)) FROM u WHERE u.id = t.id) FROM t;

-- lateral join call: 40
SELECT t.id, l.g FROM t, LATERAL (SELECT generate(t.prompt) AS g) l;

-- hint repartition above: 40
SELECT /*+ REPARTITION(5) */ * FROM (SELECT id, generate(prompt) AS g FROM t);

-- distribute by call: 40
SELECT id, generate(prompt) AS g FROM t DISTRIBUTE BY generate(prompt);

-- global ORDER BY call, ordered: 40
SELECT id, generate(prompt) AS g FROM t ORDER BY g;

-- ORDER BY column with call selected, ordered: 40
SELECT id, generate(prompt) AS g FROM t ORDER BY id;

-- range repartition hint: 40
SELECT /*+ REPARTITION_BY_RANGE(3, id) */ * FROM (SELECT id, generate(prompt) AS g FROM t);

-- cross join of calls, not broadcast: 60
SELECT /*+ SHUFFLE_REPLICATE_NL(a, b) */ a.g, b.g FROM (SELECT generate(prompt) AS g FROM t) a
CROSS JOIN (SELECT generate(prompt) AS g FROM u) b;

-- broadcast nested loop join of calls: 20
SELECT /*+ BROADCAST(b) */ t.id, b.g FROM t JOIN (SELECT id, generate(prompt) AS g FROM u) b ON t.id < b.id;

-- qualify, since 4.2: 4
SELECT id, generate(prompt) AS g FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY id) = 1;

-- filter on window above calls: 4
SELECT id, g FROM (SELECT id, g, row_number() OVER (PARTITION BY k ORDER BY id) AS n
                   FROM (SELECT id, k, generate(prompt) AS g FROM t)) WHERE n = 1;

-- rollup: 40
SELECT generate(concat('k', k)) AS g, count(*) FROM t GROUP BY ROLLUP (generate(concat('k', k)));

-- in aggregate filter: 40
SELECT count(*) FILTER (WHERE generate(prompt) LIKE '%3>') FROM t;

-- pipe syntax: 3
FROM t |> EXTEND generate(prompt) AS g |> WHERE id < 3;

-- tablesample, any rows: 5
SELECT length(generate(concat('x', k))) FROM t TABLESAMPLE (5 ROWS);

-- LIMIT OFFSET, ordered: 5
SELECT id, generate(prompt) FROM t ORDER BY id LIMIT 5 OFFSET 3;

-- NOT IN, anti join: 20
SELECT id FROM t WHERE concat('<q', id, '>') NOT IN (SELECT generate(prompt) FROM u);

-- semi join then call: 20
SELECT id, generate(prompt) FROM t LEFT SEMI JOIN u ON t.id = u.id;

-- two independent calls: 80
SELECT generate(prompt), generate(concat('z', prompt)) FROM t;

-- PIVOT: 40
SELECT * FROM (SELECT k, generate(prompt) AS g FROM t) PIVOT (max(g) FOR k IN (0, 1, 2, 3));

-- call in WHERE and SELECT: 40
SELECT id, generate(prompt) FROM t WHERE generate(prompt) LIKE '%3>';

-- call in WHERE and SELECT with cheap filter: 10
SELECT id, upper(generate(prompt)) FROM t WHERE generate(prompt) LIKE '%3>' AND id < 10;

-- HAVING call over group: 4
SELECT k, count(*) FROM t GROUP BY k HAVING generate(concat('k', k)) LIKE '%3>';

-- call over group key: 4
SELECT generate(concat('k', k)), count(*) FROM t GROUP BY k;

-- call over group key and aggregate of calls: 44
SELECT k, generate(concat('k', k)), max(generate(prompt)) FROM t GROUP BY k;

-- call decided by another call: 39
SELECT id, CASE WHEN generate(prompt) LIKE '<p3%' AND id < 34 THEN generate(concat('x', prompt)) END FROM t;

-- nested call in CASE: 20
SELECT id, CASE WHEN id < 10 THEN generate(generate(prompt)) END FROM t;

-- nvl: 20
SELECT id, nvl(IF(id < 20, prompt, NULL), generate(prompt)) FROM t;

-- guard with NULL condition: 20
SELECT id, CASE WHEN NULLIF(id < 20, false) THEN generate(prompt) ELSE 'no' END FROM t;

-- guards of one call in two places: 15
SELECT CASE WHEN id < 10 THEN generate(prompt) END, CASE WHEN id BETWEEN 5 AND 14 THEN generate(prompt) END FROM t;

-- guard keeps arguments from failing: 39
SELECT id, CASE WHEN id <> 0 THEN generate(CAST(100 DIV id AS STRING)) END FROM t;

-- two calls in WHERE, second for survivors: 43
SELECT id FROM t WHERE generate(prompt) LIKE '<p3%' AND generate(concat('x', prompt)) LIKE '%33>' AND id NOT BETWEEN 35 AND 38;

-- window over calls: 40
SELECT id, max(generate(prompt)) OVER (PARTITION BY k ORDER BY id) FROM t;

-- aggregate FILTER before call: 10
SELECT max(generate(prompt)) FILTER (WHERE id < 10) FROM t;

-- limit below other limit: 2
SELECT length(g) FROM (SELECT generate(concat('x', k)) AS g FROM t LIMIT 5) LIMIT 2;

-- nested under LIMIT: 6
SELECT length(generate(generate(concat('x', k)))) FROM t LIMIT 3;

-- EXCEPT: 60
SELECT generate(prompt) FROM t EXCEPT SELECT generate(prompt) FROM u;

-- unused beside used: 40
SELECT id, a FROM (SELECT id, generate(prompt) AS a, generate(concat('x', prompt)) AS b FROM t) WHERE a LIKE '%3>';

-- aggregate in ORDER BY, ordered: 4
SELECT k, generate(max(prompt)) AS g FROM t GROUP BY k ORDER BY k;

-- grouping sets over plain keys: 5
SELECT k, generate(CAST(count(*) AS STRING)) FROM t GROUP BY GROUPING SETS ((k), ());

-- call in a lambda that does not read its variable: 40
SELECT id, transform(array('a', 'b'), x -> concat(x, generate(prompt))) FROM t;

-- condition over a lambda's variable: 40
SELECT id, transform(array(1, 2), x -> CASE WHEN x > 1 THEN generate(prompt) END) FROM t;

-- lambda inside an argument: 40
SELECT id, generate(concat_ws(',', transform(array(prompt, 'b'), x -> upper(x)))) FROM t;

-- BETWEEN calls: 80
SELECT id, prompt BETWEEN generate(concat('o', k)) AND generate(concat('q', k)) FROM t;

-- call BETWEEN calls: 120
SELECT id, generate(prompt) BETWEEN generate(concat('o', k)) AND generate(concat('q', k)) FROM t;

-- NULLIF: 40
SELECT id, nullif(generate(prompt), '<p3>') FROM t;

-- NVL2: 10
SELECT id, nvl2(IF(id < 10, prompt, NULL), generate(prompt), 'no') FROM t;

-- DECODE: 10
SELECT id, decode(k, 1, generate(prompt), 'no') FROM t;

-- NOT over OR: 10
SELECT id FROM t WHERE NOT (id < 30 OR generate(prompt) LIKE '%5>');

-- IN subquery as guard: 5
SELECT id, CASE WHEN id IN (SELECT id FROM u WHERE id < 5) THEN generate(prompt) END FROM t;

-- EXISTS as guard: 5
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.id < 5) THEN generate(prompt) END FROM t;

-- IN subquery OR call: 20
SELECT id FROM t WHERE id IN (SELECT id FROM u) OR generate(prompt) LIKE '%3>';

-- IN subquery AND call: 20
SELECT id FROM t WHERE generate(prompt) LIKE '%1%' AND id IN (SELECT id FROM u);

-- IN subquery in an argument: 40
SELECT id, generate(IF(id IN (SELECT id FROM u), 'a', prompt)) FROM t;

-- correlated scalar subquery in an argument: 20
SELECT id, generate((SELECT max(u.prompt) FROM u WHERE u.id = t.id)) FROM t;

-- guard and argument from subqueries: 5
SELECT id, CASE WHEN id IN (SELECT id FROM u WHERE id < 5)
                THEN generate((SELECT max(u.prompt) FROM u WHERE u.id = t.id)) END FROM t;

-- EXISTS with call of outer: 20
SELECT id FROM t WHERE id < 20 AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND generate(t.prompt) LIKE '%1%');

-- guarded argument of a join: 19
SELECT t.id FROM t JOIN u ON t.id = u.id
AND CASE WHEN u.id <> 0 THEN generate(CAST(100 DIV t.id AS STRING)) LIKE '<1%' END;

-- guarded argument of a join's side: 39
SELECT t.id FROM t JOIN u ON t.id = u.id
AND CASE WHEN t.id <> 0 THEN generate(CAST(100 DIV t.id AS STRING)) LIKE '<1%' END;

-- guarded argument of an outer join's side: 19
SELECT t.id, u.id FROM t LEFT JOIN u ON t.id = u.id
AND CASE WHEN u.id <> 0 THEN generate(CAST(100 DIV u.id AS STRING)) LIKE '<1%' END;

-- nested call over both sides: 60
SELECT t.id FROM t JOIN u ON t.id = u.id AND generate(concat(generate(t.prompt), u.prompt)) LIKE '%1%';

-- join by call: 40
SELECT t.id, u.id FROM t JOIN u ON generate(t.prompt) = concat('<p', u.id, '>');

-- full join by calls of both sides: 60
SELECT t.id, u.id FROM t FULL JOIN u ON generate(t.prompt) = replace(generate(u.prompt), 'q', 'p');

-- join USING with calls of both sides: 40
SELECT /*+ BROADCAST(u) */ id, generate(t.prompt), generate(u.prompt) FROM t JOIN u USING (id);

-- GROUP BY conditional call: 10
SELECT CASE WHEN k = 1 THEN generate(prompt) END AS g, count(*) FROM t
GROUP BY CASE WHEN k = 1 THEN generate(prompt) END;

-- GROUP BY ALL: 40
SELECT generate(prompt), count(*) FROM t GROUP BY ALL;

-- GROUP BY with HAVING of the key: 40
SELECT k, count(*) FROM t GROUP BY k, generate(prompt) HAVING generate(prompt) LIKE '%3>';

-- function of grouping call: 40
SELECT upper(generate(prompt)), count(*) FROM t GROUP BY generate(prompt);

-- CUBE over plain keys, aggregate of calls: 40
SELECT k, id % 2, max(generate(prompt)), min(generate(generate(prompt))) IS NULL FROM t WHERE id < 20 GROUP BY CUBE (k, id % 2);

-- several distinct aggregates: 10
SELECT k, count(DISTINCT generate(prompt)) FILTER (WHERE id < 10), count(DISTINCT id) FROM t GROUP BY k;

-- LISTAGG sorted by call: 40
SELECT k, listagg(generate(prompt), ',') WITHIN GROUP (ORDER BY generate(prompt)) FROM t GROUP BY k;

-- max_by call: 40
SELECT max_by(prompt, generate(prompt)) FROM t;

-- window partitioned by call: 40
SELECT id, count(*) OVER (PARTITION BY generate(concat('k', k))), lag(generate(prompt)) OVER (ORDER BY id) IS NULL
FROM t WHERE id < 20;

-- INTERSECT: 60
SELECT generate(prompt) FROM t INTERSECT SELECT replace(generate(prompt), 'q', 'p') FROM u;

-- EXCEPT ALL: 45
SELECT generate(prompt) FROM t EXCEPT ALL SELECT generate(prompt) FROM t WHERE id < 5;

-- UNPIVOT: 40
SELECT id, g FROM t UNPIVOT (g FOR c IN (prompt)) WHERE generate(g) LIKE '%3>';

-- columns of all nested types: 80
SELECT id, named_struct('a', generate(prompt), 'b', array(generate(prompt), generate(concat('x', prompt)))),
       map('k', generate(prompt)) FROM t;

-- column named like the function, ordered: 40
SELECT generate(generate) AS answer FROM (SELECT prompt AS generate FROM t) ORDER BY generate;

-- SELECT * with the same columns twice: 40
SELECT *, *, generate(prompt), generate(prompt) FROM t;

-- table function of calls: 2
SELECT * FROM stack(2, generate('a'), generate('b'));

-- lateral table function of call: 40
SELECT t.id, x.col FROM t, LATERAL explode(split(generate(t.prompt), 'p')) x;

-- left lateral join of inner call: 20
SELECT t.id, x.g FROM t LEFT JOIN LATERAL (SELECT generate(u.prompt) AS g FROM u WHERE u.id = t.id) x ON true;

-- random neighbours: 10
SELECT id, rand() < 2, generate(prompt) FROM t WHERE rand() < 2 AND generate(prompt) LIKE '<p%' AND id < 10;

-- random order under LIMIT, any rows: 40
SELECT length(generate(concat('x', k))) FROM t ORDER BY rand() LIMIT 3;

-- random prompts are not merged: 80
SELECT id, generate(uuid()) <> generate(uuid()) FROM t;

-- percent sample: 40
SELECT id, generate(prompt) FROM (SELECT * FROM t) TABLESAMPLE (100 PERCENT);

-- call over recursive CTE, since 4.1: 40
WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 39) SELECT n, generate(CAST(n AS STRING)) FROM r;

-- EXECUTE IMMEDIATE: 3
EXECUTE IMMEDIATE 'SELECT id, generate(prompt) FROM t WHERE id < ?' USING 3;

-- empty input: 0
SELECT id, generate(prompt) FROM t WHERE id < 0 UNION ALL SELECT 1, 'x';
