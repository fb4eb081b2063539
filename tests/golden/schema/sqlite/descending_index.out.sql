CREATE TABLE t (
    a,
    b,
    c
);
CREATE UNIQUE INDEX t_down ON t (a DESC, b, c);
