CREATE TABLE t (
    a TEXT,
    b INTEGER
);
CREATE INDEX t_expression ON t (lower(a), b + 1 DESC, a COLLATE NOCASE, substr(a, 1, 2) COLLATE RTRIM, b, json_extract(a, '$.x, y'));
