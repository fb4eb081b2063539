CREATE SCHEMA IF NOT EXISTS other;
CREATE TYPE other.kind AS ENUM ('a');
CREATE SEQUENCE other.t_id_seq AS integer INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1;

CREATE TABLE t (
    id integer NOT NULL,
    CONSTRAINT t_pkey PRIMARY KEY (id)
);

CREATE TABLE other.c (
    t_id integer,
    o_id integer
);

CREATE TABLE other.t (
    id integer NOT NULL DEFAULT nextval('other.t_id_seq'::regclass),
    k other.kind,
    CONSTRAINT t_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE other.t_id_seq OWNED BY other.t.id;

CREATE INDEX c_t ON other.c (t_id);
ALTER TABLE t ADD CONSTRAINT t_id_fkey FOREIGN KEY (id) REFERENCES other.t (id);
ALTER TABLE other.c ADD CONSTRAINT c_o_id_fkey FOREIGN KEY (o_id) REFERENCES other.t (id);
ALTER TABLE other.c ADD CONSTRAINT c_t_id_fkey FOREIGN KEY (t_id) REFERENCES t (id);

CREATE VIEW other.v (t_id) AS
 SELECT c.t_id
   FROM other.c;
