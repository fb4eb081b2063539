CREATE TABLE t (
    a,
    b INT,
    c BIGINT,
    d VARCHAR(36),
    e DATETIME,
    f BOOLEAN,
    g DECIMAL(10, 2),
    h FLOAT,
    i JSON,
    j strange type,
    k BLOB,
    l UNSIGNED BIG INT
);
