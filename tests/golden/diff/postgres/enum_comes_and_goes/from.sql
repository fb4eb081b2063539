CREATE TYPE old AS ENUM ('a', 'b');
CREATE TABLE t (id INTEGER PRIMARY KEY, o old, n TEXT);
INSERT INTO t VALUES (1, 'a', 'x'), (2, NULL, 'y');
