CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);
CREATE INDEX t_a ON t (a text_pattern_ops);
CREATE INDEX t_b ON t (b DESC NULLS LAST) WITH (fillfactor = 70);
CREATE INDEX t_h ON t USING hash (a);
