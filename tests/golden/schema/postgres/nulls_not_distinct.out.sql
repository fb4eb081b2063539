
CREATE TABLE t (
    a integer,
    b integer,
    CONSTRAINT t_a_key UNIQUE NULLS NOT DISTINCT (a)
);

CREATE UNIQUE INDEX t_b ON t (b) NULLS NOT DISTINCT WHERE b > 0;
