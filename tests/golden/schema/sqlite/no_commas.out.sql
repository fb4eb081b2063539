CREATE TABLE t (
    a INTEGER,
    b INTEGER,
    UNIQUE (a),
    CHECK (b > 1),
    FOREIGN KEY (b) REFERENCES t (a)
);
