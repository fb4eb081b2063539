CREATE TYPE fresh AS ENUM ('x', 'y');
CREATE TABLE t (id INTEGER PRIMARY KEY, o TEXT, n fresh);
