/* never closed
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
