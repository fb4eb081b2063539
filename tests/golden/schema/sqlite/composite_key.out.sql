CREATE TABLE t (
    a TEXT,
    b INTEGER,
    c TEXT,
    CONSTRAINT t_key PRIMARY KEY (b, a),
    UNIQUE (c, a)
);
