CREATE TABLE t (
    id INTEGER PRIMARY KEY,
    a INT,
    b TEXT NOT NULL,
    c BLOB,
    d REAL,
    e ANY
) STRICT;
