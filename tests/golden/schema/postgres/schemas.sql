CREATE SCHEMA other;
CREATE TYPE other.kind AS ENUM ('a');
CREATE TABLE other.t (id serial PRIMARY KEY, k other.kind);
CREATE TABLE t (id integer PRIMARY KEY REFERENCES other.t (id));
CREATE TABLE other.c (t_id integer REFERENCES t (id), o_id integer REFERENCES other.t (id));
CREATE INDEX c_t ON other.c (t_id);
CREATE VIEW other.v AS SELECT t_id FROM other.c;
