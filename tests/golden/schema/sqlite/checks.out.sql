CREATE TABLE t (
    a TEXT CHECK (a IN ('x', 'y)', 'it''s')),
    b INTEGER CHECK (b > 0),
    c TEXT CHECK ((a) <> (c)),
    CHECK (a IS NULL OR b > 1),
    CHECK (json_valid(c))
);
