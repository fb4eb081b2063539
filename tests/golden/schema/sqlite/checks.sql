CREATE TABLE t (a TEXT CHECK (a IN ('x', 'y)', 'it''s')), b INTEGER CHECK (((b > 0))), c TEXT CHECK ((a) <> (c)) -- a comment with ) and '
, CHECK (a IS NULL /* or */ OR b > 1), CHECK (json_valid(c)));
