CREATE TABLE t (
    a INTEGER CONSTRAINT positive CHECK (a > 0),
    b INTEGER,
    CONSTRAINT one UNIQUE (a),
    CONSTRAINT two UNIQUE (b),
    CONSTRAINT "sum of both" CHECK (a + b < 10),
    CONSTRAINT up FOREIGN KEY (b) REFERENCES t (a)
);
