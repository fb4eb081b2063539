CREATE TABLE t (
    a INTEGER,
    b TEXT
);

CREATE VIEW broken AS
SELECT a, gone FROM t;

CREATE VIEW broken_named (q) AS
SELECT x FROM no_such_table;

CREATE VIEW named (one, "two 2") AS
SELECT a, b FROM t;

CREATE VIEW v AS
SELECT a, b AS c FROM t WHERE a > 1;

CREATE VIEW w AS
WITH x AS (SELECT 1 AS n) SELECT n FROM x;
