
CREATE TABLE t (
    a integer,
    b integer GENERATED ALWAYS AS (a * 2) STORED,
    c text NOT NULL GENERATED ALWAYS AS ('x'::text || (a)::text) STORED
);

