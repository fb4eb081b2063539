
CREATE TABLE t (
    a integer,
    b text,
    c jsonb,
    d timestamp with time zone
);

CREATE INDEX t_brin ON t USING brin (d);
CREATE INDEX t_desc ON t (a DESC, b DESC NULLS LAST, d NULLS FIRST);
CREATE INDEX t_expression ON t (lower(b), ((a + 1)));
CREATE INDEX t_gin ON t USING gin (c jsonb_path_ops);
CREATE INDEX t_hash ON t USING hash (b);
CREATE UNIQUE INDEX t_partial ON t (a) WHERE b IS NULL AND a > 1;
CREATE INDEX t_pattern ON t (b text_pattern_ops) INCLUDE (a, d) WITH (fillfactor=70);
