CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT);
CREATE UNIQUE INDEX t_a ON t (a);
CREATE INDEX t_b ON t (b) INCLUDE (a);
INSERT INTO t VALUES (1, 'x', 'y', 'z'), (2, 'y', 'y', 'z');
