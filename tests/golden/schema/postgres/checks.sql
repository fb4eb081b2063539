CREATE TABLE t (a text CHECK (a IN ('x', 'y)')), b integer CONSTRAINT "big b" CHECK (b > 1 AND (b < 5 OR b > 9)) NO INHERIT, CHECK (a <> '' OR b IS NULL));
