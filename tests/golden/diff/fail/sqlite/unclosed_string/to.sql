CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- a string that nobody closes
INSERT INTO t VALUES (1, 'it, 'x');
