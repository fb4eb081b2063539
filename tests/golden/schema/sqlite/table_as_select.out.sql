CREATE TABLE a (
    x INTEGER,
    y VARCHAR(5)
);

CREATE TABLE b (
    x INT,
    y TEXT,
    z
);
