CREATE TABLE t (id INTEGER, a moood);
