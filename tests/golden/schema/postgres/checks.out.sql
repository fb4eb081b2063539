
CREATE TABLE t (
    a text,
    b integer,
    CONSTRAINT "big b" CHECK ((b > 1) AND ((b < 5) OR (b > 9))) NO INHERIT,
    CONSTRAINT t_a_check CHECK (a = ANY (ARRAY['x'::text, 'y)'::text])),
    CONSTRAINT t_check CHECK ((a <> ''::text) OR (b IS NULL))
);

