CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text GENERATED ALWAYS AS ('x' || a::text) STORED NOT NULL);
