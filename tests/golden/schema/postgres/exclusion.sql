CREATE TABLE t (room int4range, during tsrange, EXCLUDE USING gist (room WITH &&, during WITH &&) WHERE (room IS NOT NULL));
