CREATE TABLE t (a INTEGER, b TEXT);
CREATE UNIQUE INDEX t_open ON t (a) WHERE b IS NULL -- open ones
;
CREATE INDEX t_words ON t (b) WHERE b IN ('x', 'y') AND (a > 1 OR a < -1);
