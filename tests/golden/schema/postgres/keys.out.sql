
CREATE TABLE t (
    a integer NOT NULL,
    b text NOT NULL,
    c text,
    CONSTRAINT the_key PRIMARY KEY (b, a) INCLUDE (c),
    CONSTRAINT later UNIQUE (a, c) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT t_b_c_a_key UNIQUE (b, c) INCLUDE (a),
    CONSTRAINT t_c_key UNIQUE (c)
);

