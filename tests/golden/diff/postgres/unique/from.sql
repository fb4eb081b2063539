CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT, c TEXT);
INSERT INTO t VALUES (1, 'x', 'y', 'z'), (2, 'y', 'y', 'w');
